import time


def app(environ, start_response):
    """Takes its time before it answers."""
    data = b"Hello, World!\n"
    time.sleep(1)
    start_response("200 OK", [("Content-type", "text/plain"), ("Content-Length", str(len(data)))])
    return iter([data])
