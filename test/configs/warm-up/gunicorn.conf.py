import io

workers = 2
timeout = 120


def post_worker_init(worker):
    """Makes the first request of a new worker: it fills caches and opens connections."""
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/warm-up",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    statuses = []
    worker.wsgi(environ, lambda status, headers, exc_info=None: statuses.append(status))

    import shop

    shop.facts["warm"] = statuses
    worker.log.info("worker %s is warm: %s", worker.pid, statuses[0])
