"""Hooks with annotations, as objects and as lambdas."""

from __future__ import annotations

from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.workers.base import Worker


class Announcement:
    def __init__(self, text: str) -> None:
        self.text = text

    def __call__(self, server: Arbiter) -> None:
        server.log.info("%s on %s", self.text, server.address)


when_ready = Announcement("ready")
on_exit = lambda server: server.log.info("goodbye")  # noqa: E731


def post_fork(server: Arbiter, worker: Worker) -> None:
    assert isinstance(server, Arbiter) and isinstance(worker, Worker)
    cfg: Config = worker.cfg
    assert isinstance(cfg, Config) and cfg.worker_class is not None
    worker.log.info("worker %d of %d is typed", worker.age, cfg.workers)


def post_worker_init(worker: Worker, *_rest: Any) -> None:
    worker.log.info("initialized: %s", worker.alive)
