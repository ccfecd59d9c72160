__all__ = ["post_fork", "when_ready"]


def when_ready(server):
    server.log.info("%s is ready", server.proc_name)


def post_fork(server, worker):
    server.log.info("worker %s of %s", worker.age, server.cfg.workers)
