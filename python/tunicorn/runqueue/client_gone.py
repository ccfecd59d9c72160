"""What an application gets that sends to a client which has left, by either interface."""


class ClientGone(ConnectionAbortedError):
    """Raised by WSGI's `write` and ASGI's `send`, whose specification wants an OSError."""
