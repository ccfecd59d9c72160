raise RuntimeError("Bad app!")


def app(environ, start_response):
    raise AssertionError("cannot get here")
