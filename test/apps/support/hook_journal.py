"""Hooks for configuration files that record each call in the ledger as JSON; test/harness/subjects/hook-journal.ts reads it."""

from __future__ import annotations

import json
import os
import threading
from typing import Any, Callable

import ledger

ARBITER_SIDE = ("on_starting", "on_reload", "when_ready", "pre_exec", "on_exit")


def note(hook: str, **details: Any) -> None:
    thread = threading.current_thread() is threading.main_thread()
    ledger.record(json.dumps({"hook": hook, "pid": os.getpid(), "mainThread": thread, **details}))


def install(namespace: dict[str, Any], *names: str) -> None:
    """Defines all hooks, or those that are named, in the configuration file."""
    for name, hook in _hooks().items():
        if not names or name in names:
            namespace[name] = hook


def _hooks() -> dict[str, Callable[..., None]]:
    hooks = {name: _arbiter_side(name) for name in ARBITER_SIDE}
    hooks.update({name: _with_worker(name) for name in ("pre_fork", "post_fork", "child_exit", "worker_exit")})
    hooks.update({name: _of_worker(name) for name in ("post_worker_init", "worker_int", "worker_abort")})

    def nworkers_changed(server: Any, new: Any, old: Any) -> None:
        note("nworkers_changed", server=server.pid, new=new, old=old, workers=server.num_workers)

    def pre_request(worker: Any, req: Any) -> None:
        note("pre_request", worker=worker.pid, path=req.path)

    def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:
        note("post_request", worker=worker.pid, path=environ["PATH_INFO"], status=resp.status)

    hooks.update(nworkers_changed=nworkers_changed, pre_request=pre_request, post_request=post_request)
    return hooks


def _arbiter_side(name: str) -> Callable[[Any], None]:
    def hook(server: Any) -> None:
        listeners = [str(listener) for listener in server.LISTENERS]
        note(name, server=server.pid, listeners=listeners, workers=server.num_workers, living=sorted(server.WORKERS))

    return hook


def _with_worker(name: str) -> Callable[[Any, Any], None]:
    def hook(server: Any, worker: Any) -> None:
        note(name, server=server.pid, worker=worker.pid, age=worker.age, booted=worker.booted, aborted=worker.aborted)

    return hook


def _of_worker(name: str) -> Callable[[Any], None]:
    def hook(worker: Any) -> None:
        note(name, worker=worker.pid, age=worker.age, booted=worker.booted, alive=worker.alive)

    return hook
