"""Several applications in one server, chosen by the host."""


def shop(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the shop"]


def blog(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"the blog"]


def nobody(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/plain")])
    return [b"no such host"]


def application(environ, start_response):
    host = environ["HTTP_HOST"].split(":")[0]
    return {"shop.example": shop, "blog.example": blog}.get(host, nobody)(environ, start_response)
