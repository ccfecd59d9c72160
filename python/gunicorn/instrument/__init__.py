"""`gunicorn.instrument`: metrics of the application's own, by way of the log."""
