import os
import shutil
import signal
import tempfile

workers = 1
pidfile = "shop.pid"


def on_starting(server):
    server.scratch = tempfile.mkdtemp(prefix="scratch-", dir=os.getcwd())
    server.log.info("scratch directory %s", server.scratch)


def post_fork(server, worker):
    os.environ["SCRATCH"] = server.scratch


def worker_int(worker):
    worker.log.info("worker %s is interrupted", worker.pid)


def on_reload(server):
    server.log.info("reloading, scratch directory is still %s", os.path.basename(server.scratch))


def on_exit(server):
    shutil.rmtree(server.scratch)
    server.log.info("scratch directory removed by %s", signal.Signals.SIGTERM.name)
