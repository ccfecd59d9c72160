"""An application inside the standard library's validator; it reads the body in every way that PEP 3333 defines."""

from wsgiref.validate import validator


@validator
def application(environ, start_response):
    stream = environ["wsgi.input"]
    pieces = [stream.read(3), stream.readline(), *stream.readlines(), *stream, stream.read(10)]
    environ["wsgi.errors"].write("the validated application was here\n")
    environ["wsgi.errors"].flush()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"validated ", b"".join(pieces)]
