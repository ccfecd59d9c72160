"""test/vectors/log-lines.json: the lines that Node's half writes as well, in test/unit/log/shared-lines.test.ts."""

from __future__ import annotations

import json
import logging
import os
import sys
import tempfile
import time
import unittest
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path[:0] = [os.path.join(ROOT, "python"), os.path.join(ROOT, "test", "python")]

from log_settings import log_settings, reset_logging  # noqa: E402

from tunicorn.log.log import ErrorLog  # noqa: E402
from tunicorn.log.python_log.logger import Logger  # noqa: E402
from tunicorn.log.python_log.statsd import Statsd  # noqa: E402
from tunicorn.log.python_log.syslog import ReconnectingSysLogHandler  # noqa: E402

with open(os.path.join(ROOT, "test", "vectors", "log-lines.json"), encoding="ascii") as file:
    VECTORS: dict[str, Any] = json.load(file)


class Lines(unittest.TestCase):
    def setUp(self) -> None:
        self.addCleanup(reset_logging)
        zone = mock.patch.dict(os.environ, {"TZ": "UTC"})
        zone.start()
        self.addCleanup(time.tzset)
        self.addCleanup(zone.stop)
        time.tzset()

    def at(self, seconds: float) -> Any:
        """A clock that does not move."""
        strftime = time.strftime
        return mock.patch.multiple(
            "tunicorn.log.log.time",
            time=lambda: seconds,
            strftime=lambda form, at=None: strftime(form, at or time.localtime(seconds)),
        )

    def test_the_error_log(self) -> None:
        for vector in VECTORS["errorLines"]:
            for form in ("text", "json"):
                with self.subTest(vector["message"], form=form), tempfile.TemporaryDirectory() as folder:
                    path = os.path.join(folder, "log")
                    log = ErrorLog(path, "debug", form, "gateway")
                    self.addCleanup(os.close, log.fileno())
                    seconds = vector["nowMs"] / 1000
                    with self.at(seconds), mock.patch("os.getpid", return_value=vector["pid"]):
                        log.log(vector["level"], vector["message"])
                    with open(path, encoding="utf-8") as written:
                        line = written.read()
                    if form == "text":
                        self.assertEqual(line, vector["text"] + "\n")
                    else:
                        self.assertEqual(json.loads(line), json.loads(vector["json"]))

    def test_syslog(self) -> None:
        sent: list[bytes] = []

        class Handler(ReconnectingSysLogHandler):
            def _connect(self) -> None:
                self._send = sent.append

        for vector in VECTORS["syslogLines"]:
            with self.subTest(vector["line"]):
                sent.clear()
                settings = log_settings(
                    syslog=True,
                    syslog_facility=vector["facility"],
                    syslog_prefix=vector["program"],
                    loglevel="debug",
                    errorlog=os.devnull,
                )
                with mock.patch("tunicorn.log.python_log.syslog.ReconnectingSysLogHandler", Handler):
                    logger = Logger(settings)
                target = logger.access_log if vector["log"] == "access" else logger.error_log
                with mock.patch("os.getpid", return_value=vector["pid"]):
                    target.log(getattr(logging, vector["level"].upper()), vector["message"])
                self.assertEqual([line.decode() for line in sent], [vector["line"]])

    def test_statsd(self) -> None:
        for vector in VECTORS["statsdLines"]:
            with self.subTest(vector["line"], prefix=vector["prefix"]):
                sent: list[bytes] = []
                statsd = Statsd(log_settings(statsd_prefix=vector["prefix"], dogstatsd_tags=vector["tags"]))
                statsd.sock = SimpleNamespace(send=sent.append)  # type: ignore[assignment]
                getattr(statsd, vector["call"])(vector["name"], vector["value"])
                self.assertEqual([line.decode() for line in sent], [vector["line"]])

    def test_the_access_log(self) -> None:
        for vector in VECTORS["accessLines"]:
            with self.subTest(vector["name"]), mock.patch("os.getpid", return_value=vector["pid"]):
                logger = Logger(log_settings(access_log_format=vector["format"], accesslog="-"))
                environ = {**vector["environ"], "tunicorn.queue_time": vector["queuedMs"] / 1000}
                headers = [
                    (name[5:].replace("_", "-").title(), value)
                    for name, value in environ.items()
                    if name.startswith("HTTP_")
                ]
                request = SimpleNamespace(headers=headers)
                status = None if vector["status"] is None else str(vector["status"])
                response = SimpleNamespace(
                    status=status, headers=[tuple(pair) for pair in vector["responseHeaders"]], sent=vector["bodyBytes"]
                )
                took = timedelta(microseconds=vector["durationUs"])
                now = time.strftime("[%d/%b/%Y:%H:%M:%S +0000]", time.gmtime(vector["nowMs"] / 1000))
                with mock.patch.object(logger, "now", return_value=now):
                    atoms = logger.atoms_wrapper_class(logger.atoms(response, request, environ, took))
                self.assertEqual(vector["format"] % atoms, vector["line"])


if __name__ == "__main__":
    unittest.main()
