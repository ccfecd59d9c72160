"""An iterable that reports to the test when it is closed."""

import rendezvous


class Pieces:
    def __init__(self, path):
        self.path = path
        self.left = 3

    def __iter__(self):
        return self

    def __next__(self):
        if self.path == "/raises" and self.left == 2:
            raise RuntimeError("in the middle")
        if self.path == "/gone":
            if self.left == 2:
                rendezvous.wait("client may go")
            return b"x" * 65536
        if self.left == 0:
            raise StopIteration
        self.left -= 1
        return b"piece\n"

    def close(self):
        rendezvous.note(f"closed {self.path}")
        if self.path == "/close-raises":
            raise RuntimeError("in close()")


def application(environ, start_response):
    start_response("204 No Content" if environ["PATH_INFO"] == "/204" else "200 OK", [("Content-Type", "text/plain")])
    return Pieces(environ["PATH_INFO"])
