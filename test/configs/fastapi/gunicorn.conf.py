import multiprocessing
import os

workers_per_core = float(os.getenv("WORKERS_PER_CORE", "1"))
cores = multiprocessing.cpu_count()
web_concurrency = max(int(workers_per_core * cores), 2)
limit = os.getenv("MAX_WORKERS")

worker_class = "uvicorn.workers.UvicornWorker"
workers = min(web_concurrency, int(limit)) if limit else web_concurrency
bind = "%s:%s" % (os.getenv("HOST", "0.0.0.0"), os.getenv("APP_PORT", "80"))
loglevel = os.getenv("LOG_LEVEL", "info")
errorlog = os.getenv("ERROR_LOG", "-") or None
accesslog = os.getenv("ACCESS_LOG", "-") or None
graceful_timeout = int(os.getenv("GRACEFUL_TIMEOUT", "120"))
timeout = int(os.getenv("TIMEOUT", "120"))
keepalive = int(os.getenv("KEEP_ALIVE", "5"))
worker_tmp_dir = "/dev/shm"
