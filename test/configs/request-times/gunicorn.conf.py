import time

slow_seconds = 0.0


def pre_request(worker, req):
    req.started = time.perf_counter()
    worker.log.debug("%s %s", req.method, req.path)
    worker.requests_by_path = getattr(worker, "requests_by_path", {})
    worker.requests_by_path[req.path] = worker.requests_by_path.get(req.path, 0) + 1


def post_request(worker, req, environ, resp):
    seconds = time.perf_counter() - req.started
    if seconds > slow_seconds:
        worker.log.warning("slow request: %s %s?%s -> %s, %d bytes", req.method, req.path, req.query, resp.status, resp.sent)


def worker_exit(server, worker):
    server.log.info("worker %s has served %d: %s", worker.pid, worker.nr, worker.requests_by_path)
