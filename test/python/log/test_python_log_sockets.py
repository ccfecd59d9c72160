"""The output of Python's loggers to syslog and statsd, as real sockets receive it."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from typing import Any, Callable, List, Tuple

PYTHON_DIR = Path(__file__).resolve().parents[3] / "python"
sys.path.insert(0, str(PYTHON_DIR))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from log_settings import log_settings, reset_logging  # noqa: E402

from gunicorn.glogging import Logger, parse_syslog_address  # noqa: E402
from gunicorn.instrument.statsd import Statsd  # noqa: E402
from tunicorn.log.log import ErrorLog  # noqa: E402
from tunicorn.log.python_log import make_logger  # noqa: E402
from tunicorn.log.python_log.on_behalf import on_behalf_of  # noqa: E402

SECONDS = 10


class SocketTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)
        reset_logging()
        self.addCleanup(reset_logging)

    def bound(self, family: int, kind: int, address: Any) -> socket.socket:
        sock = socket.socket(family, kind)
        self.addCleanup(sock.close)
        sock.bind(address)
        sock.settimeout(SECONDS)
        return sock

    def udp(self) -> Tuple[socket.socket, int]:
        sock = self.bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        return sock, sock.getsockname()[1]


class SyslogTest(SocketTest):
    def logger(self, **changes: Any) -> Logger:
        return Logger(log_settings(errorlog="/dev/null", syslog=True, **changes))

    def test_lines_and_access_lines_over_udp_have_gunicorns_form(self) -> None:
        server, port = self.udp()
        logger = self.logger(syslog_addr=f"udp://127.0.0.1:{port}")
        logger.info("Booting")
        pid = os.getpid()
        self.assertEqual(server.recv(4096), f"<14>gunicorn.app.app.error: [{pid}] Booting\0".encode())
        logger.access_log.info("GET /")
        self.assertEqual(server.recv(4096), f"<14>gunicorn.app.app.access: [{pid}] GET /\0".encode())

    def test_facility_severity_and_prefix(self) -> None:
        server, port = self.udp()
        logger = self.logger(syslog_addr=f"udp://127.0.0.1:{port}", syslog_facility="LOCAL3", syslog_prefix="100%s")
        logger.critical("over")
        # local3 is 19, critical is 2.
        self.assertEqual(server.recv(4096), f"<154>gunicorn.100%s.error: [{os.getpid()}] over\0".encode())

    def test_access_lines_stay_away_with_disable_redirect_access_to_syslog(self) -> None:
        server, port = self.udp()
        logger = self.logger(syslog_addr=f"udp://127.0.0.1:{port}", disable_redirect_access_to_syslog=True)
        logger.access_log.info("GET /")
        logger.info("after")
        self.assertIn(b"after", server.recv(4096))

    def test_a_unix_datagram_socket_that_is_bound_again_is_found(self) -> None:
        path = str(self.dir / "log")
        for suffix in ("", "#dgram"):
            with self.subTest(suffix):
                reset_logging()
                server = self.bound(socket.AF_UNIX, socket.SOCK_DGRAM, path)
                logger = self.logger(syslog_addr=f"unix://{path}{suffix}")
                logger.info("one")
                self.assertIn(b"one\0", server.recv(4096))
                server.close()
                os.unlink(path)
                logger.info("lost")
                server = self.bound(socket.AF_UNIX, socket.SOCK_DGRAM, path)
                logger.error_log.handlers[-1]._retry_at = 0.0  # type: ignore[attr-defined]
                logger.info("two")
                self.assertIn(b"two\0", server.recv(4096))
                os.unlink(path)

    def test_a_unix_stream_socket_is_detected(self) -> None:
        path = str(self.dir / "log")
        server = self.bound(socket.AF_UNIX, socket.SOCK_STREAM, path)
        server.listen()
        self.logger(syslog_addr=f"unix://{path}").info("one")
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        self.assertIn(b"one\0", connection.recv(4096))

    def test_a_forked_process_has_a_tcp_connection_of_its_own(self) -> None:
        server = self.bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        server.listen()
        logger = self.logger(
            syslog_addr=f"tcp://127.0.0.1:{server.getsockname()[1]}", disable_redirect_access_to_syslog=True
        )
        parents, _ = server.accept()
        self.addCleanup(parents.close)
        pid = os.fork()
        if pid == 0:
            logger.info("from the child")
            os._exit(0)
        childs, _ = server.accept()
        self.addCleanup(childs.close)
        os.waitpid(pid, 0)
        self.assertIn(f"[{pid}] from the child".encode(), childs.recv(4096))
        logger.info("from the parent")
        self.assertIn(f"[{os.getpid()}] from the parent".encode(), parents.recv(4096))

    def test_without_a_listener_nothing_is_raised_and_lines_are_counted(self) -> None:
        closed = socket.socket()
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        for addr in (f"tcp://127.0.0.1:{port}", f"unix://{self.dir}/none"):
            reset_logging()
            logger = self.logger(syslog_addr=addr)
            logger.info("to nobody")
            self.assertEqual(logger.error_log.handlers[-1].dropped, 1)  # type: ignore[attr-defined]

    def test_addresses(self) -> None:
        dgram, stream = socket.SOCK_DGRAM, socket.SOCK_STREAM
        cases = (
            ("unix:///dev/log", (None, "/dev/log")),
            ("unix:///dev/log#dgram", (dgram, "/dev/log")),
            ("unix:///dev/log#stream", (stream, "/dev/log")),
            ("udp://logs.example:1514", (dgram, ("logs.example", 1514))),
            ("udp://logs.example", (dgram, ("logs.example", 514))),
            ("tcp://[::1]:99", (stream, ("::1", 99))),
        )
        for addr, wanted in cases:
            self.assertEqual(parse_syslog_address(addr), wanted)
        for addr in ("logs.example", "http://x", "udp://x:none", "udp://x:70000"):
            with self.assertRaisesRegex(RuntimeError, "invalid syslog address"):
                parse_syslog_address(addr)


class StatsdTest(SocketTest):
    def received(self, use: Callable[[Statsd], object], count: int, **changes: Any) -> List[str]:
        server, port = self.udp()
        cfg = log_settings(errorlog="/dev/null", statsd_host=("127.0.0.1", port), **changes)
        logger = Statsd(cfg)
        self.addCleanup(logger.sock.close if logger.sock else lambda: None)
        use(logger)
        return [server.recv(4096).decode() for _ in range(count)]

    def test_levels_are_counted(self) -> None:
        def use(logger: Statsd) -> None:
            logger.critical("a")
            logger.error("b")
            logger.warning("c")
            logger.info("no metric")
            logger.exception("d")

        wanted = [f"gunicorn.log.{level}:1|c|@1.0" for level in ("critical", "error", "warning", "exception")]
        self.assertEqual(self.received(use, 4), wanted)

    def test_metrics_of_the_application(self) -> None:
        def use(logger: Statsd) -> None:
            for kind in ("gauge", "counter", "histogram", "timer"):
                logger.info("", extra={"metric": f"my.{kind}", "value": 7, "mtype": kind})
            logger.info("", extra={"metric": "my.nothing", "value": 7, "mtype": "smoke"})

        wanted = ["pre.my.gauge:7|g|#a:b", "pre.my.counter:7|c|@1.0|#a:b", "pre.my.histogram:7|h|#a:b"]
        wanted.append("pre.my.timer:7|ms|#a:b")
        self.assertEqual(self.received(use, 4, statsd_prefix="pre..", dogstatsd_tags="a:b"), wanted)

    def test_messages_of_another_process_are_not_counted_again(self) -> None:
        def use(logger: Statsd) -> None:
            with on_behalf_of(4242):
                logger.error("counted by the gateway")
            logger.warning("here")

        self.assertEqual(self.received(use, 1), ["gunicorn.log.warning:1|c|@1.0"])

    def test_a_unix_socket(self) -> None:
        path = str(self.dir / "statsd")
        server = self.bound(socket.AF_UNIX, socket.SOCK_DGRAM, path)
        logger = Statsd(log_settings(errorlog="/dev/null", statsd_host=path))
        self.addCleanup(logger.sock.close if logger.sock else lambda: None)
        logger.gauge("depth", 3)
        self.assertEqual(server.recv(4096), b"depth:3|g")

    def test_with_statsd_host_the_default_logger_counts_and_writes(self) -> None:
        server, port = self.udp()
        path = self.dir / "error.log"
        logger = make_logger(log_settings(statsd_host=("127.0.0.1", port)), ErrorLog(str(path)), "node")
        self.assertIsInstance(logger, Statsd)
        logger.error("once %d", 1)
        logger.info("", extra={"metric": "m", "value": 1, "mtype": "gauge"})
        self.assertEqual([server.recv(4096), server.recv(4096)], [b"gunicorn.log.error:1|c|@1.0", b"m:1|g"])
        self.assertRegex(path.read_text(), r"\A[^\n]*\[ERROR\] once 1\n\Z")
        logger.sock.close()  # type: ignore[attr-defined]

    def test_without_a_listener_nothing_is_raised(self) -> None:
        for host in (("127.0.0.1", 9), "127.0.0.1:9", str(self.dir / "none")):
            reset_logging()
            logger = Statsd(log_settings(errorlog="/dev/null", statsd_host=host))
            logger.error("one")
            logger.error("two")
            if logger.sock is not None:
                logger.sock.close()


class ForkTest(SocketTest):
    def test_a_child_forked_while_another_thread_logs_can_log(self) -> None:
        path = self.dir / "error.log"
        logger = Logger(log_settings(errorlog=str(path)))
        done = threading.Event()

        def chatter() -> None:
            while not done.is_set():
                logger.info("x" * 200)

        thread = threading.Thread(target=chatter)
        thread.start()
        try:
            for _ in range(20):
                pid = os.fork()
                if pid == 0:
                    logger.info("from a child")
                    os._exit(0)
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
        finally:
            done.set()
            thread.join()
        self.assertEqual(path.read_text().count("from a child"), 20)
        logging.getLogger("gunicorn.error").handlers[0].close()


if __name__ == "__main__":
    unittest.main()
