import multiprocessing
import os

# Small containers report all cores of their host: an upper bound comes from the environment.
suggested = multiprocessing.cpu_count() * 2 + 1
workers = max(1, min(suggested, int(os.environ.get("MAX_WORKERS", suggested))))
timeout = 60
