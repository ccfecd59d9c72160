"""The page for a request whose application has failed: Gunicorn's, whose message is empty here, since the client shall
learn nothing of the exception.
"""

ERROR_PAGE = (
    b"<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n"
    b"  <body>\n    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
)
ERROR_HEAD_PARTS = (
    "500 Internal Server Error\r\n",
    f"Content-Type: text/html\r\nContent-Length: {len(ERROR_PAGE)}\r\n",
)
