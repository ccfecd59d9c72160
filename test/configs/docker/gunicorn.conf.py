# The image's defaults. A deployment changes them with GUNICORN_CMD_ARGS.
bind = ["0.0.0.0:8000"]
workers = 1
worker_class = "gthread"
threads = 2
worker_tmp_dir = "/dev/shm"
accesslog = "-"
errorlog = "-"
keepalive = 5
