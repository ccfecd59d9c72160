import multiprocessing
import os

# Small containers report all cores of their host, so the environment sets an upper limit.
suggested = multiprocessing.cpu_count() * 2 + 1
workers = max(1, min(suggested, int(os.environ.get("MAX_WORKERS", suggested))))
timeout = 60
