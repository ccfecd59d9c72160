"""`gunicorn.instrument`: the application's own metrics, sent through the log."""
