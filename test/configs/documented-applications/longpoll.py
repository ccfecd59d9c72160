import time


class TestIter:
    def __iter__(self):
        for line in [b"line 1\n", b"line 2\n"]:
            yield line
            time.sleep(0.2)


def app(environ, start_response):
    """The response comes in pieces, with pauses between them."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked")])
    return TestIter()
