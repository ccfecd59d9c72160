def app(environ, start_response):
    """Sends back what it gets."""
    if environ["REQUEST_METHOD"].upper() != "POST":
        data = b"Hello, World!\n"
    else:
        data = environ["wsgi.input"].read()
    headers = [("Content-type", "text/plain"), ("Content-Length", str(len(data))), ("X-Server", environ["SERVER_SOFTWARE"].split("/")[0])]
    start_response("200 OK", headers)
    return iter([data])
