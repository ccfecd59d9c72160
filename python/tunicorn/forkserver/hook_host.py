"""Runs the arbiter's hooks in the forkserver: holds the `server` object, calls hooks and reports their results."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, Optional, Set, Tuple, Union, cast

from tunicorn.config.config import Config
from tunicorn.forkserver import carried_state, passed_signals
from tunicorn.forkserver.arbiter_link import ArbiterLink
from tunicorn.hook_objects.application_object import Application
from tunicorn.hook_objects.server_object import Server
from tunicorn.link.message_line import message_line, parse_message
from tunicorn.log.catalog import hooks, say, say_exception
from tunicorn.log.tracebacks import user_traceback
from tunicorn.process import unpatched
from tunicorn.worker.lifeline import watch_lifeline

if TYPE_CHECKING:
    from tunicorn.link.messages import CallHook, CallWorkersChanged, HookFailure, ServerFacts

# A pipe of one page takes this much without blocking (a user with many pipes gets no larger ones).
FAILURE_BYTES = 4000
NO_FAILURE = b"\n"
# Gunicorn's master sets its own handlers after on_starting, and the process of pre_exec gets no signals.
_HANDLERS_OF_NO_USE = ("on_starting", "pre_exec")
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


class HookHost:
    def __init__(self, link: ArbiterLink, config: Config, app: Application, *, facts: ServerFacts, logger: Any) -> None:
        self._link = link
        self._log = logger
        self.config = config
        # The arguments of watch_lifeline(), once the pipe exists.
        self.lifeline: Optional[Tuple[str, int]] = None
        self.worker_class = facts["worker_class"]
        # The folder where the command was started; hooks may change `server.START_CTX`.
        self.start_folder = facts["start"]["cwd"]
        self.server = Server(app, facts, self.logger, self._link.send)
        # Threads started by the config file, its imports and hooks.
        self._threads: Set[threading.Thread] = set(_other_threads())
        # Signal handlers that hooks have set in this process.
        self._handlers: Dict[int, passed_signals.Handler] = {}
        lost = carried_state.unpack(self.server, facts["state"])
        if lost:
            say(self._log, hooks.STATE_NOT_RESTORED, names=", ".join(lost))

    def logger(self) -> Any:
        """`server.log`."""
        return self._log

    def call(self, name: str, *arguments: Any) -> Optional[HookFailure]:
        """None on success, otherwise the failure as a message for the arbiter."""
        hook = self.config.hook(name)
        if hook is None:
            return None
        before = set(_other_threads())
        try:
            hook(self.server, *arguments)
        except BaseException as error:
            return failure_of(name, error)
        finally:
            self._threads.update(thread for thread in _other_threads() if thread not in before)
            self._adopt_handlers(name)
            sys.stdout.flush()
            sys.stderr.flush()
        return None

    def obey(self, message: Union[CallHook, CallWorkersChanged]) -> None:
        """Calls the hook that the arbiter asks for."""
        if message["hook"] == "nworkers_changed":
            self.server.learn({"workers": message["new"]})
            failure = self.call("nworkers_changed", message["new"], message["old"])
        elif message["hook"] == "pre_exec":
            failure = self._call_in_child("pre_exec")
        else:
            failure = self.call(message["hook"])
        self.report(message["hook"], failure)

    def report(self, name: str, failure: Optional[HookFailure]) -> None:
        self._link.send({"type": "hook-done", "hook": name, "failure": failure})

    def _adopt_handlers(self, hook: str) -> None:
        """In Gunicorn these handlers would replace the master's own. Here they run in addition."""
        theirs = passed_signals.reclaim()
        if hook in _HANDLERS_OF_NO_USE:
            return
        self._handlers.update(theirs)
        for number in theirs:
            self._link.send({"type": "handles", "signal": signal.Signals(number).name})

    def call_handler(self, name: str) -> None:
        """Runs the handler of a signal that the arbiter acts on."""
        number = signal.Signals[name]
        handler = self._handlers.get(number)
        if handler is None:
            return
        if number in _ENDING:
            # The server ends only once, however often it is asked to.
            del self._handlers[number]
        try:
            passed_signals.call(handler, number, sys._getframe())
        except Exception:
            say_exception(self._log, hooks.SIGNAL_HANDLER_RAISED, signal=name)
        sys.stdout.flush()
        sys.stderr.flush()

    def release_handlers(self) -> None:
        self._handlers.clear()

    def handled_signals(self) -> List[str]:
        return [signal.Signals(number).name for number in self._handlers]

    def send_state(self) -> None:
        packed = carried_state.pack(self.server)
        if packed.left_out:
            say(self._log, hooks.STATE_NOT_KEPT, names=", ".join(packed.left_out))
        self._link.send({"type": "state", "state": packed.state})

    def living_threads(self) -> List[str]:
        """Names of running threads that hooks and the config file have started."""
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _call_in_child(self, name: str) -> Optional[HookFailure]:
        """In a child: pre_exec may do what only a process about to be replaced can afford, like closing descriptors."""
        read, write = os.pipe()
        pid = unpatched.fork()
        if pid == 0:
            if self.lifeline is not None:
                # Ends a hanging hook with the server, although no other process knows this one.
                watch_lifeline(*self.lifeline)
            _say_and_exit(write, self.call(name))
        os.close(write)
        # Its line fits into the pipe. Do not read to the end: a process that the hook forked may keep the pipe open.
        unpatched.waitpid(pid, 0)
        os.set_blocking(read, False)
        try:
            line = unpatched.read(read, 2 * FAILURE_BYTES)
        except BlockingIOError:
            line = b""
        finally:
            os.close(read)
        if line == NO_FAILURE:
            return None
        found = cast("Optional[HookFailure]", parse_message(line))
        return found or {"message": f"{name} ended its process", "traceback": "", "code": None}


def _say_and_exit(fd: int, failure: Optional[HookFailure]) -> None:
    try:
        unpatched.write(fd, NO_FAILURE if failure is None else _failure_line(failure))
    finally:
        os._exit(0)


def _failure_line(failure: HookFailure) -> bytes:
    # The exception's own text may have any length.
    short = message_line({**failure, "traceback": ""}, "message", FAILURE_BYTES // 2)
    return message_line({**json.loads(short), "traceback": failure["traceback"]}, "traceback", FAILURE_BYTES)


def _other_threads() -> Iterable[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread is not threading.main_thread()]


def failure_of(name: str, error: BaseException) -> HookFailure:
    """`code` is the exit status that the error asks for: that of SystemExit or of Gunicorn's HaltServer."""
    code: Optional[int] = None
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    elif isinstance(getattr(error, "exit_status", None), int):
        code = error.exit_status  # type: ignore[attr-defined]
    message = "".join(traceback.format_exception_only(type(error), error)).strip()
    return {"message": f"{name}: {message}", "traceback": user_traceback(error), "code": code}
