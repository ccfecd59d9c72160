"""Answers with the request as the application sees it, as JSON: the environ's strings, and the body in base64.

The response to HEAD has no body, so it is in the field X-Seen.
"""

import base64
import json


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = {key: value for key, value in environ.items() if isinstance(value, str)}
    payload = json.dumps({"environ": seen, "body": base64.b64encode(body).decode()}).encode()
    fields = [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))]
    if environ["REQUEST_METHOD"] == "HEAD":
        fields.append(("X-Seen", base64.b64encode(payload).decode()))
    start_response("200 OK", fields)
    return [payload]
