"""Which values are hooks, and the arguments of hooks: the server, the worker, the request."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.forkserver import carried_state  # noqa: E402
from tunicorn.hook_objects.application_object import Application  # noqa: E402
from tunicorn.config.config import Config  # noqa: E402
from tunicorn.config.hooks import ARITIES, default_hook, hook_of  # noqa: E402
from tunicorn.hook_objects.server_object import Server  # noqa: E402
from tunicorn.hook_objects.worker_object import Worker  # noqa: E402
from tunicorn.link.messages import AnyAsk  # noqa: E402
from tunicorn.wsgi.request_object import Request  # noqa: E402

FACTS = {
    "pid": 100,
    "app": "m:a",
    "workers": 2,
    "worker_age": 0,
    "proc_name": "shop",
    "master_pid": 0,
    "reexec_pid": 0,
    "start": {"cwd": "/start", "args": ["tunicorn", "m:a"]},
    "pidfile": "/run/x.pid",
    "listeners": [{"label": "http://127.0.0.1:41234", "bind": "127.0.0.1:0"}, {"label": "unix:/x", "bind": "unix:/x"}],
    "elsewhere": [],
    "state": "",
}


class Plan:
    text = "kept"


def make_server(cfg: Config | None = None) -> tuple[Server, list[AnyAsk]]:
    asked: list[AnyAsk] = []
    app = Application("m:a", cfg or Config(), lambda uri, cfg: print)
    server = Server(app, FACTS, lambda: "the log", asked.append)
    return server, asked


class Hooks(unittest.TestCase):
    def test_a_function_that_takes_the_arguments(self) -> None:
        for function in (lambda s, w: 1, lambda *a: 1, lambda s, w, x=3: 1, os.kill):
            self.assertIs(hook_of("post_fork", function), function)

    def test_a_function_that_does_not(self) -> None:
        for function in (lambda: 1, lambda s: 1, lambda s, w, x: 1, lambda s, w, *, x: 1):
            with self.assertRaisesRegex(TypeError, "^Value must have an arity of: 2$"):
                hook_of("post_fork", function)

    def test_an_import_path(self) -> None:
        self.assertIs(hook_of("post_fork", "os.kill"), os.kill)
        for text, message in (
            ("nowhere", "Value 'nowhere' is not import string. Format: module[.submodules...].object"),
            ("no.where", "No module named 'no'"),
            ("os.no_such", "Can not load 'no_such' from 'os'"),
            ("os.sep", "Value is not callable: /"),
        ):
            with self.assertRaises(TypeError) as caught:
                hook_of("post_fork", text)
            self.assertEqual(str(caught.exception), message)

    def test_post_request_with_two_three_or_four_arguments(self) -> None:
        for function in (lambda a, b: (a, b), lambda a, b, c: (a, b, c), lambda a, b, c, d: (a, b, c, d)):
            hook = hook_of("post_request", function)
            self.assertEqual(hook(1, 2, 3, 4), (1, 2, 3, 4)[: function.__code__.co_argcount])

    def test_every_default_can_be_called(self) -> None:
        for name, arity in ARITIES.items():
            if name not in ("pre_request", "ssl_context"):
                default_hook(name)(*range(arity))


class TheServer(unittest.TestCase):
    def test_facts(self) -> None:
        server, _ = make_server()
        self.assertEqual(
            (server.pid, server.num_workers, server.log, server.proc_name), (100, 2, "the log", "shop")
        )
        self.assertEqual(server.START_CTX, {"cwd": "/start", "args": ["tunicorn", "m:a"], 0: sys.executable})
        assert server.pidfile is not None
        self.assertEqual(server.pidfile.fname, "/run/x.pid")
        self.assertEqual([str(each) for each in server.LISTENERS], ["http://127.0.0.1:41234", "unix:/x"])
        self.assertEqual([each.sock.getsockname() for each in server.LISTENERS], [("127.0.0.1", 41234), "/x"])

    def test_verbs_ask_the_arbiter(self) -> None:
        server, asked = make_server()
        server.learn({"elsewhere": [{"pid": 7, "age": 3}]})
        server.kill_worker(5, signal.SIGTERM)
        server.kill_workers(signal.SIGKILL)
        server.reload()
        server.stop(graceful=False)
        server.manage_workers()
        self.assertEqual(
            asked,
            [
                {"type": "ask", "what": "kill-worker", "pid": 5, "signal": 15},
                {"type": "ask", "what": "kill-worker", "pid": 7, "signal": 9},
                {"type": "ask", "what": "reload"},
                {"type": "ask", "what": "stop", "graceful": False},
                {"type": "ask", "what": "manage"},
            ],
        )

    def test_num_workers_calls_the_hook_with_old_and_new(self) -> None:
        calls: list[tuple[int, int]] = []
        cfg = Config()
        cfg.set("nworkers_changed", lambda server, new, old: calls.append((new, old)))
        server, asked = make_server(cfg)
        server.num_workers += 1
        self.assertEqual((server.num_workers, calls), (3, [(3, 2)]))
        self.assertEqual(asked, [{"type": "ask", "what": "resize", "workers": 3}])

    def test_workers_of_other_generations_come_and_go_and_own_ones_stay(self) -> None:
        server, _ = make_server()
        server.WORKERS = {1: "own"}
        seen = server.WORKERS
        server.learn({"elsewhere": [{"pid": 7, "age": 3}]})
        self.assertEqual(
            [(pid, getattr(each, "age", each)) for pid, each in server.WORKERS.items()], [(7, 3), (1, "own")]
        )
        server.learn({"elsewhere": []})
        self.assertEqual(server.WORKERS, {1: "own"})
        self.assertEqual(seen, {1: "own"}, "a loop over it is not disturbed")

    def test_in_a_worker_the_verbs_are_signals(self) -> None:
        server, asked = make_server()
        server.enter_worker()
        with mock.patch("os.kill") as kill:
            server.kill_worker(5, 15)
            server.reload()
            server.stop()
            server.stop(graceful=False)
            server.wakeup()
        self.assertEqual([call.args for call in kill.call_args_list], [(5, 15), (100, 1), (100, 15), (100, 3)])
        self.assertEqual(asked, [])

    def test_attributes_of_hooks_are_carried_over_and_nothing_else_is(self) -> None:
        server, _ = make_server()
        vars(server).update(plan=Plan(), count=3, lock=threading.Lock())
        server.WORKERS = {1: "own"}
        packed = carried_state.pack(server)
        self.assertEqual(packed.left_out, ["lock"])
        heir, _ = make_server()
        self.assertEqual(carried_state.unpack(heir, packed.state), [])
        self.assertEqual((vars(heir)["plan"].text, vars(heir)["count"], heir.WORKERS), ("kept", 3, {}))
        self.assertEqual(sorted(heir.hook_attributes()), ["count", "plan"], "and may be carried on")

    def test_attributes_unknown_to_the_new_code_are_dropped(self) -> None:
        server, _ = make_server()
        vars(server).update(plan=Plan(), count=3)
        packed = carried_state.pack(server)
        heir, _ = make_server()
        with mock.patch.object(sys.modules[__name__], "Plan", create=True) as gone:
            del sys.modules[__name__].Plan  # type: ignore[attr-defined]
            try:
                self.assertEqual(carried_state.unpack(heir, packed.state), ["plan"])
            finally:
                sys.modules[__name__].Plan = gone  # type: ignore[attr-defined]
        self.assertEqual(sorted(heir.hook_attributes()), ["count"])


class TheWorker(unittest.TestCase):
    def make(self, **settings: Any) -> Worker:
        cfg = Config()
        for name, value in settings.items():
            cfg.set(name, value)
        app = Application("m:a", cfg, lambda uri, cfg: print)
        return Worker(4, os.getpid(), [], app, cfg.timeout / 2, cfg, "the log")

    def test_before_the_fork(self) -> None:
        worker = self.make()
        self.assertEqual(
            (worker.pid, worker.age, worker.nr, worker.booted, worker.aborted), ("[booting]", 4, 0, False, False)
        )
        self.assertEqual((worker.max_requests, worker.timeout, worker.log), (sys.maxsize, 15, "the log"))
        self.assertTrue(worker.alive)

    def test_max_requests_has_its_jitter(self) -> None:
        limits = {self.make(max_requests=10, max_requests_jitter=5).max_requests for _ in range(300)}
        self.assertEqual(limits, set(range(10, 16)))

    def test_alive_false_asks_once_for_a_successor(self) -> None:
        worker = self.make()
        asked: list[str] = []
        worker.enter_process(lambda: 12, lambda: asked.append("successor"))
        worker.alive = False
        worker.alive = False
        self.assertEqual((asked, worker.alive, worker.nr), (["successor"], False, 12))

    def test_the_application_is_loaded_once(self) -> None:
        worker = self.make()
        self.assertIs(worker.app.wsgi(), print)
        self.assertIs(worker.app.callable, print)


class TheRequest(unittest.TestCase):
    def make(self, **fields: Any) -> Request:
        environ = {
            "REQUEST_METHOD": "GET",
            "RAW_URI": "/a%20b?c=d#e",
            "PATH_INFO": "/a b",
            "QUERY_STRING": "c=d",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "x",
            "HTTP_X_ONE": "1",
            "CONTENT_TYPE": "text/plain",
            "REMOTE_ADDR": "10.0.0.1",
            "REMOTE_PORT": "4000",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(b"body"),
            **fields,
        }
        return Request(environ, Config())

    def test_parts(self) -> None:
        req = self.make()
        self.assertEqual(
            (req.method, req.uri, req.path, req.query, req.fragment), ("GET", "/a%20b?c=d#e", "/a%20b", "c=d", "e")
        )
        self.assertEqual((req.version, req.scheme, req.remote_addr), ((1, 1), "https", ("10.0.0.1", 4000)))
        self.assertEqual(req.headers, [("HOST", "x"), ("X-ONE", "1"), ("CONTENT-TYPE", "text/plain")])
        self.assertEqual(req.body.read(), b"body")
        self.assertIsNone(req.proxy_protocol_info)

    def test_should_close(self) -> None:
        for version, connection, closes in (
            ("1.1", "", False),
            ("1.1", "close", True),
            ("1.0", "", True),
            ("1.0", "Keep-Alive", False),
        ):
            req = self.make(SERVER_PROTOCOL=f"HTTP/{version}", HTTP_CONNECTION=connection)
            self.assertEqual(req.should_close(), closes, (version, connection))

    def test_changes_reach_the_environ(self) -> None:
        req = self.make()
        req.headers.append(("X-Two", "2"))
        req.headers.append(("X-ONE", "again"))
        req.headers.remove(("HOST", "x"))
        req.method = "POST"
        req.path = "/other%21"
        req.apply_header_changes()
        environ = req.environ
        self.assertEqual(
            (environ["HTTP_X_TWO"], environ["HTTP_X_ONE"], environ["REQUEST_METHOD"]), ("2", "1,again", "POST")
        )
        self.assertEqual((environ["PATH_INFO"], environ["RAW_URI"]), ("/other!", "/other%21?c=d"))
        self.assertNotIn("HTTP_HOST", environ)
        self.assertEqual(environ["CONTENT_TYPE"], "text/plain")


if __name__ == "__main__":
    unittest.main()
