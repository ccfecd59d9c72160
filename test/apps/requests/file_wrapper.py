"""Returns a wsgi.file_wrapper around a whole file, a file at an offset, or a file-like object."""

import io
import os


class Unseekable:
    def __init__(self, path):
        self.file = open(path, "rb")

    def read(self, size=-1):
        return self.file.read(size)


def application(environ, start_response):
    path, wrapper = os.environ["SENT_FILE"], environ["wsgi.file_wrapper"]
    size = os.path.getsize(path)
    headers = [("Content-Type", "application/octet-stream")]
    if environ["PATH_INFO"] == "/whole":
        start_response("200 OK", [*headers, ("Content-Length", str(size))])
        return wrapper(open(path, "rb"))
    if environ["PATH_INFO"] == "/offset":
        file = open(path, "rb")
        file.seek(1000)
        start_response("206 Partial Content", [*headers, ("Content-Length", str(size - 1000))])
        return wrapper(file, 4096)
    if environ["PATH_INFO"] == "/memory":
        start_response("200 OK", headers)
        return wrapper(io.BytesIO(b"from memory"))
    start_response("200 OK", headers)
    return wrapper(Unseekable(path))
