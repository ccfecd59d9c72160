"""Messages about single requests."""

from __future__ import annotations

from tunicorn.log.catalog import Message

AREA = "Requests"

FAILED = Message(
    "error",
    "Error handling request {request}",
    cause="The application raised an exception. The traceback follows. The client got 500, or a response cut short.",
    remedy="Fix what the last line of the traceback names.",
    is_gunicorns=True,
)

ACCESS_LOG_RAISED = Message(
    "error",
    "Exception in access log",
    cause="The method `access` of the `logger_class` raised an exception. The traceback follows.",
    remedy="Fix the method. The request itself was answered.",
)

BODY_NOT_ALLOWED = Message(
    "warning",
    "WSGI app sent body bytes on a no-body response (method={method} status={status}); dropping per RFC 9110.",
    cause="The application sent a body with a response that has none: to HEAD, or with status 1xx, 204 or 304.",
    remedy="Return an empty body for such responses.",
    is_gunicorns=True,
)

BODY_TOO_SHORT = Message(
    "error",
    "The application declared Content-Length: {declared}, but its body has {sent} bytes; the response is cut off",
    cause="The body that the application returned is shorter than its own Content-Length.",
    remedy="Correct the header or the body. The client sees an incomplete response.",
)

CLIENT_LEFT = Message(
    "debug",
    "Client went away during {request}",
    cause="The client disconnected before it had the response.",
    remedy="Nothing.",
)

GATEWAY_LEFT = Message(
    "debug",
    "Gateway {gateway} is gone; skipping ticket {ticket}",
    cause="The gateway that queued the request has ended, and its clients with it.",
    remedy="Nothing.",
)

CHANNEL_LOST = Message(
    "warning",
    "Lost the channel to gateway {gateway} while running ticket {ticket}: {reason}",
    cause="The gateway ended while the worker answered a request.",
    remedy="Look for the reason in the lines about the gateway. The client has lost its connection.",
)

CHANNEL_LOST_AT_FAILURE = Message(
    "warning",
    "Lost the channel to the gateway during {request}: {reason}",
    cause="The gateway ended while the application ran.",
    remedy="Look for the reason in the lines about the gateway. The client has lost its connection.",
)

MALFORMED_TICKET = Message(
    "error",
    "Malformed ticket {ticket} from gateway {gateway}: {reason}",
    cause="A worker cannot decode the fields of a request. The client got 500.",
    remedy="Report this as a bug.",
)

SPOOL_NOT_OPENED = Message(
    "error",
    "Cannot open the spooled body of {request}: {reason}",
    cause="The file with the body of a large request was removed, or the worker may not read it. The client got 500.",
    remedy="Keep cleaning jobs out of `tmp_upload_dir`, and let the user of the workers read its files.",
)

NO_RESPONSE = Message(
    "error",
    "The application returned without a response ({request})",
    cause="An ASGI application returned before it sent `http.response.start`. The client got 500.",
    remedy="Send a response on every path through the application.",
)

NO_BODY = Message(
    "error",
    "The application returned before sending a body ({request})",
    cause="An ASGI application sent `http.response.start` and no `http.response.body`. The client got 500.",
    remedy="Send a body, if only an empty one.",
)

INCOMPLETE = Message(
    "error",
    "The application returned before completing its response ({request})",
    cause="An ASGI application did not send the last part of its body, or its trailers. The response was cut short.",
    remedy="Send the last part with `more_body` false, and the trailers that were announced.",
)

WEB_SOCKET_NOT_ANSWERED = Message(
    "error",
    "The application returned without answering the WebSocket ({request})",
    cause="An ASGI application returned before it accepted or denied the WebSocket. The client got 500.",
    remedy="Send `websocket.accept` or `websocket.close` on every path through the application.",
)
