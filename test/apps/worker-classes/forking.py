"""Forks in a request. `wsgi` and `asgi` do the same."""

import asyncio
import ctypes
import multiprocessing
import os
import signal
import time


def _sleep():
    while True:
        time.sleep(1)


_waits_for_child = False


def _after_fork():
    """The parent continues only when the child has ended, as on a busy machine."""
    if _waits_for_child:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


os.register_at_fork(after_in_parent=_after_fork)


def _fork_sleeper(fork):
    pid = fork()
    if pid == 0:
        _sleep()
    return pid


def _die():
    os.kill(os.getpid(), signal.SIGKILL)


def _wait(pid):
    """The child's exit status, or "lives" if it does not end."""
    for _ in range(1000):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) if hasattr(os, "waitstatus_to_exitcode") else status
        time.sleep(0.02)
    return "lives"


def answer(path):
    if path == "/fork-in-c-and-die":
        _fork_sleeper(ctypes.PyDLL(None).fork)
        _die()
    if path == "/fork-and-die":
        _fork_sleeper(os.fork)
        _die()
    if path == "/fork":
        return _fork_sleeper(os.fork)
    if path == "/return-twice":
        pid = os.fork()
        return "the child's answer" if pid == 0 else f"the child ended: {_wait(pid)}"
    if path == "/return-twice-slowly":
        global _waits_for_child
        _waits_for_child = True
        pid = os.fork()
        return "the child's answer" if pid == 0 else f"the child ended: {_wait(pid)}"
    if path == "/process":
        process = multiprocessing.get_context("fork").Process(target=_sleep, daemon=True)
        process.start()
        return process.pid
    if path == "/terminate":
        process = multiprocessing.get_context("fork").Process(target=_sleep)
        process.start()
        process.terminate()
        return f"exit code {_exit_code(process)}"
    return os.getpid()


def _exit_code(process):
    process.join(20)
    return process.exitcode


def wsgi(environ, start_response):
    body = str(answer(environ["PATH_INFO"])).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    body = str(answer(scope["path"])).encode()
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
