"""Applications that violate PEP 3333: they call start_response never, or twice."""


def application(environ, start_response):
    if environ["PATH_INFO"] == "/twice":
        start_response("200 OK", [("Content-Type", "text/plain")])
        start_response("201 Created", [("Content-Type", "text/plain")])
    return [b"never"]
