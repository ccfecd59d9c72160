"""tunicorn.config.config.Config: Gunicorn's types and messages, standalone and with values resolved by an arbiter."""

from __future__ import annotations

import os
import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.config.config import Config  # noqa: E402


class Standalone(unittest.TestCase):
    def test_the_defaults_are_those_of_the_table(self) -> None:
        with mock.patch.dict(os.environ, {}, clear=True):
            cfg = Config()
        self.assertEqual(cfg.workers, 1)
        self.assertEqual(cfg.bind, ["127.0.0.1:8000"])
        self.assertEqual(cfg.timeout, 30)
        self.assertIsNone(cfg.accesslog)
        self.assertEqual(cfg.secure_scheme_headers["X-FORWARDED-PROTO"], "https")
        self.assertEqual((cfg.uid, cfg.gid), (os.geteuid(), os.getegid()))

    def test_a_default_may_come_from_the_environment(self) -> None:
        with mock.patch.dict(os.environ, {"WEB_CONCURRENCY": "7", "PORT": "5000"}):
            cfg = Config()
        self.assertEqual((cfg.workers, cfg.bind), (7, ["0.0.0.0:5000"]))

    def test_two_configs_share_no_list(self) -> None:
        Config().raw_env.append("A=b")
        self.assertEqual(Config().raw_env, [])

    def test_set_converts_as_gunicorn_does(self) -> None:
        cfg = Config()
        for name, given, wanted in (
            ("workers", "3", 3),
            ("workers", "0x10", 16),
            ("reload", "True", True),
            ("bind", "unix:/run/app.sock", ["unix:/run/app.sock"]),
            ("raw_env", ["A=b"], ["A=b"]),
            ("forwarded_allow_ips", "10.0.0.1,10.0.0.2", ["10.0.0.1", "10.0.0.2"]),
            ("proc_name", " app ", "app"),
            ("accesslog", None, None),
        ):
            with self.subTest(name=name, given=given):
                cfg.set(name, given)
                self.assertEqual(getattr(cfg, name), wanted)

    def test_an_unknown_setting_is_named(self) -> None:
        with self.assertRaisesRegex(AttributeError, "No configuration setting for: wrokers"):
            Config().set("wrokers", 1)
        with self.assertRaisesRegex(AttributeError, "No configuration setting for: wrokers"):
            _ = Config().wrokers

    def test_a_wrong_value_is_refused(self) -> None:
        cfg = Config()
        for name, value in (("workers", "many"), ("workers", -1), ("preload_app", "maybe"), ("raw_env", 3)):
            with self.subTest(name=name), self.assertRaises((ValueError, TypeError)):
                cfg.set(name, value)

    def test_settings_cannot_be_assigned(self) -> None:
        with self.assertRaisesRegex(AttributeError, "Invalid access!"):
            Config().workers = 3

    def test_settings_holds_objects_with_get_and_set(self) -> None:
        cfg = Config()
        setting = cfg.settings["workers"]
        setting.set("4")
        self.assertEqual((setting.name, setting.get(), setting.value, cfg.workers), ("workers", 4, 4, 4))
        self.assertIn("--workers", setting.cli)

    def test_computed_attributes(self) -> None:
        cfg = Config()
        cfg.set("raw_env", ["A=b=c", "D="])
        cfg.set("bind", ["[::1]:80", "unix:/x", "fd://3", "Example.ORG"])
        self.assertEqual(cfg.env, {"A": "b=c", "D": ""})
        self.assertEqual(cfg.address, [("::1", 80), "/x", 3, ("example.org", 8000)])
        self.assertFalse(cfg.is_ssl)
        self.assertTrue(cfg.sendfile)
        cfg.set("certfile", "/cert.pem")
        self.assertTrue(cfg.is_ssl)
        self.assertEqual(cfg.ssl_options["certfile"], "/cert.pem")
        self.assertEqual(cfg.worker_class_str, "sync")
        cfg.set("threads", 4)
        self.assertEqual(cfg.worker_class_str, "gthread")
        self.assertIn("threads", str(cfg))


class Resolved(unittest.TestCase):
    def test_the_arbiters_values_are_taken_as_they_are(self) -> None:
        cfg = Config.resolved({"workers": 5, "bind": ["x:1"], "user": 3, "unheard_of": 1}, {"workers": 99})
        self.assertEqual((cfg.workers, cfg.bind, cfg.uid), (5, ["x:1"], 3))

    def test_values_that_json_cannot_carry_come_from_the_file(self) -> None:
        class MyLogger:
            pass

        described = {"$callable": "m.MyLogger", "name": "MyLogger", "takes": None}
        handlers = {"version": 1, "handlers": {"x": {"stream": sys.stderr}}}
        cfg = Config.resolved(
            {"logger_class": described, "logconfig_dict": {"handlers": {"x": {"stream": {"$repr": "<>"}}}}},
            {"logger_class": MyLogger, "logconfig_dict": handlers},
        )
        self.assertIs(cfg.logger_class, MyLogger)
        self.assertIs(cfg.logconfig_dict, handlers)

    def test_hooks_are_those_of_the_file(self) -> None:
        def post_fork(server: object, worker: object) -> None: ...

        cfg = Config.resolved({"post_fork": {"$callable": "post_fork"}}, {"post_fork": post_fork, "when_ready": None})
        self.assertEqual(cfg.hooks, ["post_fork"])
        self.assertIs(cfg.post_fork, post_fork)
        self.assertIsNone(cfg.hook("when_ready"))
        self.assertIsNone(cfg.when_ready("a server"), "something to call is there all the same")

    def test_a_value_that_is_no_hook_is_named(self) -> None:
        with self.assertRaisesRegex(ValueError, "Invalid value for post_fork: 3\n\nError: Value is not callable: 3"):
            Config.resolved({}, {"post_fork": 3})


if __name__ == "__main__":
    unittest.main()
