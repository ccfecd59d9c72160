import os

bind = "127.0.0.1:8000"
accesslog = "-"

# GUNICORN_TIMEOUT=45 is timeout = "45", and so on for every setting.
for name, text in os.environ.items():
    prefix, _, setting = name.partition("_")
    if prefix == "GUNICORN" and setting:
        locals()[setting.lower()] = text
