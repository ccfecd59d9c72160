import os
import threading
import time

workers = 3
preload_app = True


class Scheduler(threading.Thread):
    def __init__(self, log):
        super().__init__(name="scheduler", daemon=True)
        self.log = log

    def run(self):
        while True:
            with open("ticks", "a") as file:
                file.write("%d\n" % os.getpid())
            time.sleep(0.02)


def when_ready(server):
    # One for the whole server, not one for each worker.
    if os.environ.get("SCHEDULER_ENABLED") == "true":
        Scheduler(server.log).start()
        server.log.info("scheduler started")
