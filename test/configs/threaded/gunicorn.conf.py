import os

worker_class = "gthread"
workers = int(os.getenv("WORKERS", "1"))
threads = int(os.getenv("THREADS", "4"))
worker_connections = 200
timeout = 0
