"""An application in every form that the command line can name."""


def named(text):
    def application(environ, start_response):
        body = text.encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return application


def create_app(stage="dev", *, debug=True):
    return named(f"created for {stage}, debug={debug!r}")


class holder:
    class inner:
        app = staticmethod(named("dotted"))


application = named("application")
other = named("other")
nothing = None
number = 5
