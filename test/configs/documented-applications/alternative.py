"""An instance of a class as application, in neither of the usual styles: its iterator starts the response."""


class Application:
    def __call__(self, environ, start_response):
        self.environ, self.start = environ, start_response
        return self

    def __iter__(self):
        self.start("200 OK", [("Content-Type", "text/plain")])
        yield b"path "
        yield self.environ["PATH_INFO"].encode()


application = Application()
