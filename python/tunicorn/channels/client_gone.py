"""The exception for an application that sends to a client which has left, in WSGI and ASGI."""


class ClientGone(ConnectionAbortedError):
    """Raised by WSGI's `write` and by ASGI's `send`, whose specification demands an OSError."""
