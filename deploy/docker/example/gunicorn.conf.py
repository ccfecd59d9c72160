# Tunicorn's settings: docs/settings.md. Without `bind`, the server would be reachable only from within its container.
bind = "0.0.0.0:8000"
# The number of workers is WEB_CONCURRENCY.
accesslog = "-"
# Within the 10 s of `docker stop`.
graceful_timeout = 8
# A new version that cannot answer does not replace the old one.
warm_up = "http://localhost/health"
