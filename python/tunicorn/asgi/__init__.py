"""ASGI 3 applications: scopes, the events of requests and WebSockets, lifespan. asgi_worker.py takes the tickets."""
