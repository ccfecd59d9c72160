import os

bind = "0.0.0.0:8000"
workers = 1
max_requests = 4
max_requests_jitter = 3
graceful_timeout = 15
# On overlay file systems the heartbeat of a worker can block; memory never does.
worker_tmp_dir = "/dev/shm"


def post_worker_init(worker):
    import shop

    shop.facts["heartbeat"] = os.readlink("/proc/self/fd/%d" % worker.tmp.fileno())
    shop.facts["limit"] = worker.max_requests
