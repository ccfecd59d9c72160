"""ASGI 3 applications: scopes, the events of requests and WebSockets, and the lifespan."""
