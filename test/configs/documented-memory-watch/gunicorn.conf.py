import os
import signal
import threading
import time

workers = 2
limit_kib = 1024 * int(os.environ.get("MAX_WORKER_MIB", "400"))


class MemoryWatch(threading.Thread):
    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server

    def resident_kib(self, pid):
        try:
            with open("/proc/%d/status" % pid) as file:
                return sum(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))
        except OSError:
            return -1

    def run(self):
        while True:
            for pid, _worker in list(self.server.WORKERS.items()):
                if self.resident_kib(pid) > limit_kib:
                    self.server.log.info("Pid %s killed (memory usage > %s)", pid, limit_kib)
                    self.server.kill_worker(pid, signal.SIGTERM)
            time.sleep(min(self.server.timeout / 2, 0.1))


def when_ready(server):
    MemoryWatch(server).start()
