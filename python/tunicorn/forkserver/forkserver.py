"""The forkserver: evaluates the configuration file, runs the arbiter's hooks, may preload the application, and forks
and reaps workers.

Each generation has one, a child of the arbiter. Its single loop handles the arbiter's messages and the workers' reports
and exits. It never touches a request.
"""

from __future__ import annotations

import atexit
import os
import select
import threading
from typing import TYPE_CHECKING, Optional

from tunicorn.forkserver import configuring, open_files, passed_signals
from tunicorn.forkserver.application_source import ApplicationSource, CommandSource
from tunicorn.forkserver.arbiter_link import ArbiterLink
from tunicorn.forkserver.children import Children
from tunicorn.forkserver.configuring import StepFailed
from tunicorn.forkserver.orphan import outlive_arbiter
from tunicorn.forkserver.relayed_lines import RelayedLines
from tunicorn.forkserver.stages import Configured, Life, Prepared, Stage, with_hooks, with_workers
from tunicorn.forkserver.wakeup import Wakeup
from tunicorn.log.catalog import logs, say_exception
from tunicorn.process import forked_copy, unpatched

if TYPE_CHECKING:
    from tunicorn.link import messages


class Forkserver:
    def __init__(self, link: ArbiterLink, source: ApplicationSource) -> None:
        self._link = link
        self._source = source
        self._stage: Stage = Configured({})
        self._life = Life.SERVING
        self._relayed_lines = RelayedLines()
        # Wakes the loop when a worker exits, or an application sends a signal here.
        self._wakeup = Wakeup()
        self._children = Children(link, self._wakeup.close_in_child)
        forked_copy.keep_connection(lambda: [link.fileno()])
        forked_copy.keep_reading_end(lambda: [self._wakeup.reading_end, self._children.reports_read])
        forked_copy.keep_writing_end(lambda: [*self._wakeup.writing_ends(), *self._children.writing_ends()])

    def serve(self) -> None:
        """Runs until the arbiter has sent `leave` and the last worker is gone, or until the arbiter is gone."""
        poll = unpatched.poll()
        for fd in (self._link.fileno(), self._wakeup.reading_end, self._children.reports_read):
            poll.register(fd, select.POLLIN)
        while not self._is_done():
            ready = [fd for fd, _ in poll.poll(self._look_at_extra_files())]
            stage = self._stage
            # Reports before exits: a worker's "boot failed" must reach the arbiter before its exit.
            if self._children.reports_read in ready and not isinstance(stage, Configured):
                self._children.forward_reports(stage.logs)
            if self._wakeup.reading_end in ready:
                self._wakeup.take()
                for passed in passed_signals.taken():
                    self._link.send(passed)
                if not isinstance(stage, Configured):
                    self._children.reap(stage.host, stage.logs)
            if self._link.fileno() in ready:
                for message in self._link.receive():
                    self._obey(message)
                if not self._link.is_open:
                    if isinstance(self._stage, Prepared):
                        outlive_arbiter(self._children, self._wakeup, self._stage)
                    return
        self._relayed_lines.write_last(self._link, self._stage)

    def _look_at_extra_files(self) -> Optional[float]:
        """Milliseconds until the next scan; None if there will be none."""
        stage = self._stage
        if not isinstance(stage, Prepared) or stage.extra_files is None or self._life is not Life.SERVING:
            return None
        extra_files = stage.extra_files
        if extra_files.milliseconds_left() == 0:
            for found in extra_files.look():
                self._link.send(found)
        return extra_files.milliseconds_left()

    def _is_done(self) -> bool:
        if self._life is Life.SERVING or len(self._children) > 0:
            return False
        if isinstance(self._stage, Configured):
            return True
        host = self._stage.host
        threads, handled = host.living_threads(), host.handled_signals()
        if not threads and not handled:
            return True
        if self._life is Life.LEAVING:
            # Threads and handlers go on as they would in Gunicorn's master, until the arbiter closes the link.
            self._life = Life.LINGERING
            self._link.send({"type": "lingers", "threads": threads, "handled": handled})
        return False

    def _obey(self, message: messages.ToForkserver) -> None:
        if message["type"] == "fork":
            self._children.fork(message, with_workers(self._stage, "fork"))
        elif message["type"] == "signal":
            self._children.signal(message["pid"], message["signal"])
        elif message["type"] == "reopen-logs":
            self._reopen_logs()
        elif message["type"] == "log" or message["type"] == "access":
            self._relayed_lines.write(message, self._stage)
        elif message["type"] == "leave":
            if self._life is Life.SERVING:
                self._life = Life.LEAVING
        elif (
            message["type"] == "configure"
            or message["type"] == "settle"
            or message["type"] == "check"
            or message["type"] == "prepare"
        ):
            self._take_step(message)
        else:
            self._obey_about_hooks(message)

    def _take_step(self, message: messages.AStep) -> None:
        answer: messages.FromForkserver
        try:
            if message["type"] == "configure":
                self._stage, answer = configuring.configure(self._source, message)
            elif message["type"] == "settle":
                self._stage, answer = configuring.settle(self._source, self._link, self._stage, message)
            elif message["type"] == "check":
                answer = configuring.check(with_hooks(self._stage, "check"))
            else:
                # Before the application is loaded, which may outlast the arbiter.
                self._stage = prepared = configuring.begin_preparing(with_hooks(self._stage, "prepare"), message)
                self._look_at_extra_files()
                finished = configuring.prepare(prepared)
                if finished is None:
                    return
                answer = finished
        except StepFailed as failed:
            answer = failed.answer
        self._link.send(answer)
        if answer["type"] == "settled":
            configuring.import_ahead()

    def _obey_about_hooks(self, message: messages.AboutHooks) -> None:
        host = with_hooks(self._stage, message["type"]).host
        if message["type"] == "hook":
            host.obey(message)
        elif message["type"] == "facts":
            host.server.learn(message["facts"])
        elif message["type"] == "pack-state":
            host.send_state()
        elif message["type"] == "call-handler":
            host.call_handler(message["signal"])
        elif message["type"] == "release-handlers":
            host.release_handlers()

    def _reopen_logs(self) -> None:
        if isinstance(self._stage, Configured):
            return
        logger = self._stage.logs.logger
        try:
            logger.reopen_files()
        except Exception:
            say_exception(logger, logs.FILES_NOT_REOPENED)


def main() -> None:
    run(CommandSource())


def run(source: ApplicationSource) -> None:
    open_files.restore()
    passed_signals.install()
    for number in passed_signals.PASSED:
        forked_copy.keep_handler(number)
    Forkserver(ArbiterLink(), source).serve()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # A thread of a hook would keep the interpreter from ever ending.
        atexit._run_exitfuncs()
        os._exit(0)
