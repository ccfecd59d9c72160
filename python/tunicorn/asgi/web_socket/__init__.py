"""The WebSocket of an ASGI application."""
