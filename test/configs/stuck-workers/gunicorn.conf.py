import faulthandler
import os
import sys

timeout = int(os.environ.get("TIMEOUT", "30"))
graceful_timeout = 5


def worker_abort(worker):
    worker.log.error("worker %s hangs:", worker.pid)
    faulthandler.dump_traceback(file=sys.stderr, all_threads=True)


def child_exit(server, worker):
    server.log.info("worker %s (%s) is gone, %s are left", worker.pid, worker.age, len(server.WORKERS))
