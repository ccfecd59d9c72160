"""The WSGI side of a worker: PEP 3333, from a claimed ticket to the last frame of its response."""
