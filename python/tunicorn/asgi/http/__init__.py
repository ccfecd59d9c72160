"""The HTTP exchange of an ASGI application: request body, response, and their states."""
