wsgi_app = "shop"
workers = 1
dirty_apps = ["tasks:EmailApp", "tasks:ReportApp:1"]
dirty_workers = 2
dirty_timeout = 60


def on_dirty_starting(arbiter):
    arbiter.log.info("dirty arbiter starts")


def dirty_worker_init(worker):
    worker.log.info("dirty worker %s", worker.pid)
