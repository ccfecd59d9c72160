"""python/gunicorn: the names that can be imported, and the error for all others."""

from __future__ import annotations

import importlib
import io
import os
import re
import socket
import subprocess
import sys
import unittest
from contextlib import redirect_stderr
from tempfile import TemporaryDirectory

PYTHON_DIR = os.path.join(os.path.dirname(__file__), "..", "..", "..", "python")
sys.path.insert(0, PYTHON_DIR)

import gunicorn  # noqa: E402
import gunicorn.workers.base  # noqa: E402
from gunicorn import util  # noqa: E402

# The imports of config files, applications and libraries in public code.
NAMES = {
    "gunicorn": ["__version__", "version_info", "SERVER", "SERVER_SOFTWARE"],
    "gunicorn.app.base": ["BaseApplication", "Application", "get_default_config_file"],
    "gunicorn.app.pasterapp": ["serve", "server_factory", "has_logging_config"],
    "gunicorn.app.wsgiapp": ["WSGIApplication", "run"],
    "gunicorn.arbiter": ["Arbiter"],
    "gunicorn.config": ["Config", "Setting", "KNOWN_SETTINGS", "get_default_config_file"],
    "gunicorn.errors": ["AppImportError", "ConfigError", "HaltServer"],
    "gunicorn.glogging": ["Logger", "CONFIG_DEFAULTS", "SafeAtoms"],
    "gunicorn.http": ["Request", "Message"],
    "gunicorn.http.body": ["Body"],
    "gunicorn.http.errors": ["ParseException", "NoMoreData", "InvalidHeader", "LimitRequestLine"],
    "gunicorn.http.message": ["Request"],
    "gunicorn.http.wsgi": ["Response", "FileWrapper", "SERVER", "SERVER_SOFTWARE"],
    "gunicorn.instrument.statsd": ["Statsd"],
    "gunicorn.pidfile": ["Pidfile"],
    "gunicorn.sock": ["BaseSocket", "TCPSocket", "TCP6Socket", "UnixSocket"],
    "gunicorn.systemd": ["listen_fds", "sd_notify"],
    "gunicorn.workers": ["SUPPORTED_WORKERS"],
    "gunicorn.workers.base": ["Worker", "WorkerTmp"],
    "gunicorn.workers.base_async": ["AsyncWorker"],
    "gunicorn.workers.gasgi": ["ASGIWorker"],
    "gunicorn.workers.ggevent": ["GeventWorker", "GeventPyWSGIWorker"],
    "gunicorn.workers.gthread": ["ThreadWorker"],
    "gunicorn.workers.gtornado": ["TornadoWorker"],
    "gunicorn.workers.sync": ["SyncWorker"],
    "gunicorn.workers.workertmp": ["WorkerTmp"],
}


class Imports(unittest.TestCase):
    def test_names_that_public_code_imports(self) -> None:
        for module_name, names in NAMES.items():
            for name in names:
                with self.subTest(f"from {module_name} import {name}"):
                    exec(f"from {module_name} import {name}")

    def test_a_name_that_is_not_there_is_refused_with_an_explanation(self) -> None:
        for statement, error in (
            ("from gunicorn.util import nope", ImportError),
            ("from gunicorn.config import Timeout", ImportError),
            ("from gunicorn import six", ImportError),
            ("import gunicorn.six", ModuleNotFoundError),
            ("import gunicorn.http.parser", ModuleNotFoundError),
            ("import gunicorn; gunicorn.nope", AttributeError),
        ):
            with self.subTest(statement), self.assertRaisesRegex(error, "Tunicorn's compatibility package"):
                exec(statement)

    def test_a_name_that_is_not_there_can_be_asked_for(self) -> None:
        self.assertFalse(hasattr(util, "nope"))
        self.assertEqual(getattr(gunicorn, "nope", 7), 7)
        with self.assertRaises(ImportError):
            importlib.import_module("gunicorn.workers.geventlet")

    def test_the_page_in_docs_lists_what_is_there(self) -> None:
        with open(os.path.join(PYTHON_DIR, "..", "docs", "embedding.md")) as page:
            rows = re.findall(r"^\| (`gunicorn[^|]*) \| (.*) \|$", page.read(), re.MULTILINE)
        listed = set()
        for first, second in [row for row in rows if "yes" not in row[1] and row[1] != "no | no"]:
            modules = [importlib.import_module(name) for name in re.findall(r"`(gunicorn[\w.]*)`", first)]
            listed.update(module.__name__ for module in modules)
            for name in re.findall(r"`([A-Za-z_]\w*)`", second.partition(": of which")[0]):
                with self.subTest(f"{first}: {name}"):
                    holders = [*modules, *(gunicorn.workers.base,)] if "workers" in first else modules
                    self.assertTrue(any(hasattr(module, name) for module in holders))
        missing = {name for name in NAMES if not name.startswith("gunicorn.workers.")} - listed
        self.assertEqual(missing - {"gunicorn.http"}, set())

    def test_every_supported_worker_can_be_loaded(self) -> None:
        from gunicorn.workers import SUPPORTED_WORKERS
        from gunicorn.workers.base import Worker

        for name in SUPPORTED_WORKERS:
            with self.subTest(name):
                self.assertTrue(issubclass(util.load_class(name), Worker))

    def test_own_settings_are_refused(self) -> None:
        from gunicorn.config import Setting

        with self.assertRaisesRegex(TypeError, "Profile: custom settings have no effect"):
            type("Profile", (Setting,), {"name": "profile"})


class Util(unittest.TestCase):
    def test_import_app(self) -> None:
        self.assertIs(util.import_app("os.path:join"), os.path.join)
        with self.assertRaises(util.AppImportError):
            util.import_app("os:nope")

    def test_small_functions(self) -> None:
        self.assertEqual(util.http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT")
        self.assertEqual([util.is_ipv6(text) for text in ("::1", "127.0.0.1", "x")], [True, False, False])
        self.assertEqual((util.bytes_to_str(b"\xe9"), util.to_bytestring("é")), ("é", b"\xc3\xa9"))
        self.assertEqual(util.split_request_uri("//a/b?c#d")[1:], ("", "//a/b", "c", "d"))
        self.assertTrue(util.is_hoppish("Transfer-Encoding "))
        self.assertFalse(util.is_hoppish("Trailer"))
        self.assertTrue(os.path.samefile(util.getcwd(), os.getcwd()))

    def test_files(self) -> None:
        with TemporaryDirectory() as folder:
            path = os.path.join(folder, "x")
            util.check_is_writable(path)
            util.unlink(path)
            util.unlink(path)
            with self.assertRaisesRegex(RuntimeError, "isn't writable"):
                util.check_is_writable(folder)
            with open(path, "w") as file:
                self.assertTrue(util.is_fileobject(file))
                util.close_on_exec(file)
        self.assertFalse(util.is_fileobject(io.BytesIO()))

    def test_warn(self) -> None:
        with redirect_stderr(io.StringIO()) as said:
            util.warn("one\ntwo")
        self.assertEqual(said.getvalue(), "!!!\n!!! WARNING: one\n!!! two\n!!!\n")


class Systemd(unittest.TestCase):
    def setUp(self) -> None:
        for name in ("LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET"):
            self.addCleanup(os.environ.pop, name, None)

    def test_listen_fds_are_for_one_process(self) -> None:
        from gunicorn.systemd import listen_fds

        os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid() + 1))
        self.assertEqual(listen_fds(), 0)
        os.environ.update(LISTEN_PID=str(os.getpid()))
        self.assertEqual((listen_fds(unset_environment=False), listen_fds(), listen_fds()), (2, 2, 0))

    def test_sd_notify(self) -> None:
        from gunicorn.systemd import sd_notify

        with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(os.path.join(folder, "notify"))
            os.environ["NOTIFY_SOCKET"] = os.path.join(folder, "notify")
            sd_notify("READY=1", None, unset_environment=True)
            self.assertEqual(receiver.recv(100), b"READY=1")
        self.assertNotIn("NOTIFY_SOCKET", os.environ)


class Pidfile(unittest.TestCase):
    def test_names_one_living_process(self) -> None:
        from gunicorn.pidfile import Pidfile

        with TemporaryDirectory() as folder, subprocess.Popen(["sleep", "60"]) as other:
            path = os.path.join(folder, "pid")
            Pidfile(path).create(other.pid)
            with self.assertRaisesRegex(RuntimeError, f"Already running on PID {other.pid}"):
                Pidfile(path).create(os.getpid())
            other.kill()
            other.wait()
            mine = Pidfile(path)
            mine.create(os.getpid())
            self.assertEqual(Pidfile(path).validate(), os.getpid())
            mine.rename(path + ".2")
            self.assertEqual(os.listdir(folder), ["pid.2"])
            mine.unlink()
            self.assertEqual(os.listdir(folder), [])


class Arbiters(unittest.TestCase):
    def test_methods_that_are_never_called_are_named(self) -> None:
        code = """
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
class Mine(Arbiter):
    def spawn_worker(self): pass
class App(BaseApplication):
    def load_config(self): pass
Mine(App()).run()
"""
        env = {**os.environ, "PYTHONPATH": PYTHON_DIR, "TUNICORN_COMMAND": "true"}
        run = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("calls no methods of Mine: spawn_worker", run.stderr)


if __name__ == "__main__":
    unittest.main()
