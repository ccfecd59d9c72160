"""evaluate(): which config file is read, how it is executed, and how its values are passed on."""

from __future__ import annotations

import contextlib
import io
import json
import os
import py_compile
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from typing import Any, Dict, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.config.config_file import ConfigFile, ConfigFileError, evaluate  # noqa: E402


class ConfigFileCase(unittest.TestCase):
    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.cwd = os.path.realpath(holder.name)
        # The forkserver puts the current directory on sys.path before it calls evaluate().
        sys.path.insert(0, self.cwd)
        self.addCleanup(sys.path.remove, self.cwd)
        self.addCleanup(sys.modules.pop, "__config__", None)

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.cwd, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def values(self, text: str) -> Dict[str, Any]:
        self.write("gunicorn.conf.py", text)
        return evaluate(None, self.cwd).values

    def failure(self, config: Optional[str]) -> ConfigFileError:
        with self.assertRaises(ConfigFileError) as caught:
            evaluate(config, self.cwd)
        return caught.exception


class WhichFile(ConfigFileCase):
    def test_no_file_is_no_error(self) -> None:
        self.assertEqual(evaluate(None, self.cwd), ConfigFile(None, {}, {}))

    def test_the_default_file_is_found_in_the_directory(self) -> None:
        path = self.write("gunicorn.conf.py", "workers = 3\n")
        self.assertEqual(evaluate(None, self.cwd)[::2], (path, {"workers": 3}))
        self.assertEqual(evaluate("", self.cwd).path, path)

    def test_a_path_goes_in_place_of_the_default_file(self) -> None:
        self.write("gunicorn.conf.py", "workers = 3\n")
        path = self.write("deploy/other.py", "timeout = 7\n")
        for config in ("deploy/other.py", "file:deploy/other.py", path, "file:" + path):
            with self.subTest(config=config):
                self.assertEqual(evaluate(config, self.cwd)[::2], (path, {"timeout": 7}))

    def test_python_names_a_module(self) -> None:
        self.write("config_package_for_test/__init__.py", "")
        self.write("config_package_for_test/live.py", "workers = 6\n")
        found = evaluate("python:config_package_for_test.live", self.cwd)
        self.addCleanup(sys.modules.pop, "config_package_for_test.live")
        self.assertEqual(found[::2], ("python:config_package_for_test.live", {"workers": 6}))

    def test_a_missing_file_is_named_as_it_was_given(self) -> None:
        for config, shown in (("/no/such.py", "'/no/such.py'"), ("file:gone.py", "'gone.py'")):
            with self.subTest(config=config):
                error = self.failure(config)
                self.assertEqual(str(error), f"{shown} doesn't exist")
                self.assertEqual(error.traceback_text, "")


class Execution(ConfigFileCase):
    def test_the_file_is_module_config_and_knows_its_path(self) -> None:
        path = self.write("gunicorn.conf.py", "proc_name = __name__\npidfile = __file__\n")
        found = evaluate(None, self.cwd)
        self.assertEqual(found.values, {"proc_name": "__config__", "pidfile": path})
        self.assertIs(vars(sys.modules["__config__"]), found.namespace)

    def test_the_file_is_in_sys_modules_while_it_runs(self) -> None:
        text = "import sys\nproc_name = sys.modules['__config__'].__dict__ is globals() and 'itself'\n"
        self.assertEqual(self.values(text), {"proc_name": "itself"})

    def test_the_file_may_import_from_the_directory(self) -> None:
        self.write("cores_for_test.py", "COUNT = 4\n")
        self.addCleanup(sys.modules.pop, "cores_for_test", None)
        self.assertEqual(self.values("import cores_for_test\nworkers = cores_for_test.COUNT\n"), {"workers": 4})

    def test_another_extension_is_loaded_with_a_warning(self) -> None:
        self.write("settings.conf", "workers = 5\n")
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            self.assertEqual(evaluate("settings.conf", self.cwd).values, {"workers": 5})
        warning = "!!!\n!!! WARNING: configuration file should have a valid Python extension.\n!!!\n"
        self.assertEqual(stderr.getvalue(), warning)

    def test_a_compiled_file_is_loaded(self) -> None:
        source = self.write("compiled.py", "workers = 9\n")
        compiled = py_compile.compile(source, cfile=os.path.join(self.cwd, "c.pyc"), doraise=True)
        self.assertEqual(evaluate(compiled, self.cwd).values, {"workers": 9})

    def test_an_edit_of_the_same_size_in_the_same_second_is_seen(self) -> None:
        path = self.write("gunicorn.conf.py", "workers = 3\n")
        os.utime(path, (1_000_000_000, 1_000_000_000))
        self.assertEqual(evaluate(None, self.cwd).values, {"workers": 3})
        self.write("gunicorn.conf.py", "workers = 4\n")
        os.utime(path, (1_000_000_000, 1_000_000_000))
        self.assertEqual(evaluate(None, self.cwd).values, {"workers": 4})

    def test_the_encoding_that_the_file_declares_is_used(self) -> None:
        path = os.path.join(self.cwd, "gunicorn.conf.py")
        Path(path).write_bytes("# -*- coding: latin-1 -*-\nproc_name = 'caf\u00e9'\n".encode("latin-1"))
        self.assertEqual(evaluate(None, self.cwd).values, {"proc_name": "caf\u00e9"})

    def test_the_future_imports_of_this_package_do_not_leak_in(self) -> None:
        text = "class Sample:\n    value: 1 + 1\nworkers = Sample.__annotations__['value']\n"
        self.assertEqual(self.values(text)["workers"], 2)

    def test_sys_exit_in_the_file_is_not_swallowed(self) -> None:
        self.write("gunicorn.conf.py", "raise SystemExit(7)\n")
        with self.assertRaises(SystemExit) as caught:
            evaluate(None, self.cwd)
        self.assertEqual(caught.exception.code, 7)


class Failures(ConfigFileCase):
    def test_an_exception_is_logged_with_the_users_frames_only(self) -> None:
        path = self.write("gunicorn.conf.py", "def count():\n    return 1 / 0\n\nworkers = count()\n")
        error = self.failure(None)
        self.assertEqual(str(error), f"Failed to read config file: {path}")
        lines = error.traceback_text.splitlines()
        self.assertEqual(lines[0], "Traceback (most recent call last):")
        self.assertEqual(lines[1], f'  File "{path}", line 4, in <module>')
        self.assertIn(f'  File "{path}", line 2, in count', lines)
        self.assertEqual(lines[-1], "ZeroDivisionError: division by zero")
        self.assertNotIn("config_file.py", error.traceback_text)
        self.assertNotIn("importlib", error.traceback_text)

    def test_a_syntax_error_names_the_line(self) -> None:
        path = self.write("gunicorn.conf.py", "workers = 1\nworkers = = 2\n")
        text = self.failure(None).traceback_text
        self.assertIn(f'File "{path}", line 2', text)
        self.assertIn("SyntaxError", text)
        self.assertNotIn("config_file.py", text)

    def test_a_module_that_does_not_exist_is_named(self) -> None:
        error = self.failure("python:no_such_module_for_test")
        self.assertEqual(str(error), "Failed to read config file: python:no_such_module_for_test")
        self.assertIn("No module named 'no_such_module_for_test'", error.traceback_text)

    def test_a_module_that_fails_shows_its_own_line(self) -> None:
        path = self.write("failing_config_for_test.py", "workers = 1\nraise RuntimeError('it fails')\n")
        text = self.failure("python:failing_config_for_test").traceback_text
        self.assertTrue(text.startswith(f'Traceback (most recent call last):\n  File "{path}", line 2'), text)
        self.assertTrue(text.endswith("RuntimeError: it fails\n"), text)

    def test_a_directory_is_refused(self) -> None:
        os.mkdir(os.path.join(self.cwd, "folder.py"))
        self.assertIn("IsADirectoryError", self.failure("folder.py").traceback_text)


class Values(ConfigFileCase):
    def test_json_types_pass(self) -> None:
        text = """
            a = None
            b = True
            c = 12
            d = 1.5
            e = "text"
            f = [1, "two", [3]]
            g = {"X-FORWARDED-PROTO": "https", "n": {"m": [None]}}
        """
        expected = {"a": None, "b": True, "c": 12, "d": 1.5, "e": "text", "f": [1, "two", [3]]}
        self.assertEqual(self.values(text), {**expected, "g": {"X-FORWARDED-PROTO": "https", "n": {"m": [None]}}})

    def test_tuples_and_sets_become_lists(self) -> None:
        text = "a = (1, (2, 3))\nb = {'y', 'x', 'z'}\nc = frozenset()\n"
        self.assertEqual(self.values(text), {"a": [1, [2, 3]], "b": ["x", "y", "z"], "c": []})

    def test_members_of_an_enum_stand_for_their_plain_value(self) -> None:
        text = """
            import enum
            class Level(str, enum.Enum):
                LOW = "low"
                def __str__(self): return "not this"
            class Count(enum.IntEnum):
                TWO = 2
            loglevel = Level.LOW
            workers = Count.TWO
        """
        values = self.values(text)
        self.assertEqual(json.dumps([values["loglevel"], values["workers"]]), '["low", 2]')

    def test_a_callable_is_described_by_its_name(self) -> None:
        text = """
            from os.path import join
            import collections
            class Worker:
                def method(self): pass
                def __call__(self): pass
            def post_fork(server, worker): pass
            pre_fork = lambda server, worker: None
            on_exit = Worker().method
            on_reload = Worker()
            worker_class = Worker
            when_ready = len
            modules = [collections]
        """
        values = self.values(text)
        expected = {
            "post_fork": ("__config__.post_fork", "post_fork", 2, 2),
            "pre_fork": ("__config__.<lambda>", "<lambda>", 2, 2),
            "on_exit": ("__config__.Worker.method", "Worker.method", 0, 0),
            "on_reload": ("__config__.Worker", "Worker", 0, 0),
            "worker_class": ("__config__.Worker", "Worker", 0, 0),
            "when_ready": ("builtins.len", "len", 1, 1),
            "join": ("posixpath.join", "join", 1, None),
        }
        for setting, (path, name, least, most) in expected.items():
            with self.subTest(setting=setting):
                takes = {"least": least, "most": most}
                self.assertEqual(values[setting], {"$callable": path, "name": name, "takes": takes})
        self.assertEqual(list(values["modules"][0]), ["$repr"])

    def test_the_arguments_that_a_function_may_take_are_counted(self) -> None:
        text = """
            import functools
            def default(worker, req, environ=None): pass
            def keyword(worker, *, flag): pass
            def positional(worker, /, req): pass
            class Hook:
                def __call__(self, server): pass
            partial = functools.partial(default, None)
            instance = Hook()
            unknown = dict.fromkeys.__class__
            def failing(worker): pass
            failing.__signature__ = 5
        """
        values = self.values(text)
        self.assertEqual(values["default"]["takes"], {"least": 2, "most": 3})
        self.assertEqual(values["keyword"]["takes"], {"least": 1, "most": 1})
        self.assertEqual(values["positional"]["takes"], {"least": 2, "most": 2})
        self.assertEqual(values["partial"]["takes"], {"least": 1, "most": 2})
        self.assertEqual(values["instance"]["takes"], {"least": 1, "most": 1})
        self.assertIsNone(values["failing"]["takes"])

    def test_everything_else_is_described(self) -> None:
        text = """
            import pathlib
            pidfile = pathlib.PurePosixPath("/run/app.pid")
            proc_name = b"bytes"
            timeout = float("inf")
            headers = {1: "one"}
            class Broken:
                def __repr__(self): raise RuntimeError("no")
            broken = Broken()
        """
        values = self.values(text)
        self.assertEqual(values["pidfile"], {"$repr": "PurePosixPath('/run/app.pid')"})
        self.assertEqual(values["proc_name"], {"$repr": "b'bytes'"})
        self.assertEqual(values["timeout"], {"$repr": "inf"})
        self.assertEqual(values["headers"], {"$repr": "{1: 'one'}"})
        self.assertEqual(values["broken"], {"$repr": "<Broken object>"})

    def test_a_list_in_itself_comes_to_an_end(self) -> None:
        self.assertEqual(self.values("bind = []\nbind.append(bind)\n"), {"bind": [{"$repr": "[[...]]"}]})

    def test_one_list_in_two_places_is_not_taken_for_a_loop(self) -> None:
        self.assertEqual(self.values("a = [1]\nb = [a, a]\n")["b"], [[1], [1]])

    def test_a_list_that_is_nested_too_deeply_is_described(self) -> None:
        text = "a = []\nfor _ in range(200): a = [a]\n"
        self.assertIn("$repr", json.dumps(self.values(text)["a"]))

    def test_modules_and_dunder_names_are_left_out(self) -> None:
        text = "import os\n__all__ = ['workers']\n_private = 1\nworkers = 2\n"
        self.assertEqual(self.values(text), {"_private": 1, "workers": 2})

    def test_values_are_json(self) -> None:
        text = "import os, re\na = {'s': {1, 2}, 't': (re.compile('x'), os.getcwd)}\nb = '\\udcff'\nc = float('nan')\n"
        json.dumps(self.values(text), allow_nan=False)


if __name__ == "__main__":
    unittest.main()
