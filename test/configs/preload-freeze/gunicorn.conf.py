import gc
import sqlite3

preload_app = True
workers = 2


def when_ready(server):
    # Freeze everything loaded so far: garbage collections in the workers then do not touch, and so do not copy, its pages.
    gc.collect()
    gc.freeze()
    server.log.info("frozen objects: %d", gc.get_freeze_count())


def post_fork(server, worker):
    import shop

    gc.enable()
    connection = sqlite3.connect(":memory:")
    shop.facts.update(connected_in=worker.pid, frozen=gc.get_freeze_count(), answer=connection.execute("select 42").fetchone()[0])
