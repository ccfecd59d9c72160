"""gunicorn.glogging: the Logger that configuration files inherit from, its atoms, and the effect of logconfig."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict

PYTHON_DIR = Path(__file__).resolve().parents[3] / "python"
sys.path.insert(0, str(PYTHON_DIR))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from log_settings import log_settings, reset_logging  # noqa: E402

from gunicorn import glogging  # noqa: E402
from tunicorn.log.log import ErrorLog  # noqa: E402
from tunicorn.log.python_log import LogConfigError, make_logger, open_logs  # noqa: E402
from tunicorn.log.python_log.fast_logger import FastLogger  # noqa: E402
from tunicorn.log.python_log.on_behalf import on_behalf_of  # noqa: E402

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "RAW_URI": "/a%20b?x=1",
    "PATH_INFO": "/a b",
    "QUERY_STRING": "x=1",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "192.0.2.7",
    "HTTP_USER_AGENT": "probe/1",
}
REQ = SimpleNamespace(headers=[("HOST", "example"), ("X-TWICE", "first"), ("X-TWICE", "second")])
RESP = SimpleNamespace(status="200 OK", sent=12, headers=[("Content-Type", "text/plain")])
TOOK = timedelta(seconds=1, microseconds=234567)


class LoggerTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.dir = Path(directory.name)
        reset_logging()
        self.addCleanup(reset_logging)

    def logger(self, **changes: Any) -> glogging.Logger:
        return glogging.Logger(log_settings(chdir=str(self.dir), **changes))

    def text(self, name: str) -> str:
        return (self.dir / name).read_text("utf-8")

    def access_line(self, form: str, environ: Dict[str, Any] = ENVIRON, resp: Any = RESP, req: Any = REQ) -> str:
        logger = self.logger(accesslog="access.log", access_log_format=form)
        logger.access(resp, req, environ, TOOK)
        return self.text("access.log").rstrip("\n")


class EntriesTest(LoggerTest):
    def test_an_entry_has_gunicorns_form_at_every_level(self) -> None:
        logger = self.logger(errorlog="error.log", loglevel="debug")
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(logger, level)("a %s of %d", level, 7)
        logger.log("warning", "by name")
        logger.log(logging.ERROR, "by number")
        stamp = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\]"
        found = re.findall(rf"^{stamp} \[{os.getpid()}\] \[([A-Z]+)\] (.*)$", self.text("error.log"), re.M)
        levels = [(level.upper(), f"a {level} of 7") for level in ("debug", "info", "warning", "error", "critical")]
        self.assertEqual(found, [*levels, ("WARNING", "by name"), ("ERROR", "by number")])

    def test_a_level_that_is_none_means_info(self) -> None:
        self.assertEqual(self.logger(loglevel="loud").loglevel, logging.INFO)

    def test_exception_adds_the_traceback(self) -> None:
        logger = self.logger(errorlog="error.log")
        try:
            raise ValueError("broken")
        except ValueError:
            logger.exception("It is")
        self.assertRegex(self.text("error.log"), r"\[ERROR\] It is\nTraceback [\s\S]*ValueError: broken\n$")

    def test_a_second_set_up_replaces_its_own_handlers_and_keeps_those_of_others(self) -> None:
        other = logging.NullHandler()
        logging.getLogger("gunicorn.error").addHandler(other)
        self.logger(errorlog="one.log")
        logger = self.logger(errorlog="two.log")
        logger.info("here")
        self.assertEqual(len(logger.error_log.handlers), 2)
        self.assertIn(other, logger.error_log.handlers)
        self.assertEqual(self.text("one.log"), "")
        self.assertIn("here", self.text("two.log"))

    def test_a_file_that_cannot_be_written_is_named_with_the_reason(self) -> None:
        with self.assertRaisesRegex(LogConfigError, r"nowhere/e\.log' isn't writable \[No such file or directory\]"):
            self.logger(errorlog="nowhere/e.log")

    def test_reopen_files_goes_on_in_new_files_of_every_logger(self) -> None:
        logger = self.logger(errorlog="error.log", accesslog="access.log")
        own = logging.FileHandler(self.dir / "own.log")
        logging.getLogger("some.application").addHandler(own)
        self.addCleanup(own.close)
        self.addCleanup(logging.getLogger("some.application").removeHandler, own)
        names = ("error.log", "access.log", "own.log")
        for name in names:
            (self.dir / name).rename(self.dir / f"{name}.1")
        logger.reopen_files()
        logger.error("after")
        logger.access_log.info("after")
        logging.getLogger("some.application").error("after")
        for name in names:
            self.assertIn("after", self.text(name))
            self.assertEqual(self.text(f"{name}.1"), "")

    def test_a_log_that_cannot_be_reopened_stays_in_use(self) -> None:
        (self.dir / "logs").mkdir()
        logger = self.logger(errorlog="logs/error.log")
        (self.dir / "logs").rename(self.dir / "gone")
        errors = io.StringIO()
        sys.stderr, stderr = errors, sys.stderr
        self.addCleanup(setattr, sys, "stderr", stderr)
        logger.reopen_files()
        sys.stderr = stderr
        logger.error("still here")
        self.assertIn("still here", self.text("gone/error.log"))
        self.assertRegex(errors.getvalue(), r"^Cannot reopen the log '.*logs/error\.log': No such file or directory; keeping the old file\n$")

    def test_handlers_can_be_taken_over_by_an_applications_logger(self) -> None:
        logger = self.logger(errorlog="error.log")
        own = logging.Logger("flask.app")
        own.handlers = logging.getLogger("gunicorn.error").handlers
        own.warning("from the application")
        self.assertRegex(self.text("error.log"), r"\[WARNING\] from the application\n$")
        self.assertIs(logger.error_log, logging.getLogger("gunicorn.error"))


class AtomsTest(LoggerTest):
    def test_the_default_format_is_gunicorns_line(self) -> None:
        line = self.access_line(log_settings().access_log_format)
        self.assertRegex(
            line,
            r'^192\.0\.2\.7 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] '
            r'"GET /a%20b\?x=1 HTTP/1\.1" 200 12 "-" "probe/1"$',
        )

    def test_every_atom(self) -> None:
        form = "%(m)s|%(U)s|%(q)s|%(H)s|%(s)s|%(B)d|%(b)s|%(T)s|%(D)d|%(M)d|%(L)s|%(p)s|%(f)s|%(nothing)s"
        wanted = f"GET|/a b|x=1|HTTP/1.1|200|12|12|1|1234567|1234|1.234567|<{os.getpid()}>|-|-"
        self.assertEqual(self.access_line(form), wanted)

    def test_headers_and_environ_have_no_case_and_the_last_of_repeated_ones_counts(self) -> None:
        form = "%({Host}i)s %({x-TWICE}i)s %({content-type}o)s %({remote_addr}e)s %({none}i)s"
        self.assertEqual(self.access_line(form), "example second text/plain 192.0.2.7 -")

    def test_the_user_of_basic_authentication(self) -> None:
        def user(credentials: bytes, scheme: str = "Basic") -> str:
            (self.dir / "access.log").unlink(missing_ok=True)
            field = f"{scheme} {base64.b64encode(credentials).decode()}"
            return self.access_line("%(u)s", {**ENVIRON, "HTTP_AUTHORIZATION": field})

        self.assertEqual(user(b"ann:secret"), "ann")
        self.assertEqual(user("zoë:x".encode(), "basic"), "zoë")
        self.assertEqual(user(b"no colon"), "-")
        self.assertEqual(user(b"\xff:x"), "-")
        self.assertEqual(user(b"ann:x", "Bearer"), "-")

    def test_no_client_can_forge_a_line_or_a_field(self) -> None:
        forged = 'x" 200\n127.0.0.1 - \\ \x1b[31m\x85\x7f'
        line = self.access_line('"%(a)s" %(U)s', {**ENVIRON, "HTTP_USER_AGENT": forged, "PATH_INFO": "/\n/"})
        self.assertEqual(line, '"x\\" 200\\x0A127.0.0.1 - \\\\ \\x1B[31m\\x85\\x7F" /\\x0A/')

    def test_a_response_without_sent_has_no_length(self) -> None:
        self.assertEqual(self.access_line("%(b)s %(s)s", resp=SimpleNamespace(status=404, headers=[])), "- 404")

    def test_a_mistake_in_the_format_goes_to_the_error_log(self) -> None:
        logger = self.logger(accesslog="access.log", errorlog="error.log")
        logger.atoms = None  # type: ignore[assignment, method-assign]
        logger.access(RESP, REQ, ENVIRON, TOOK)
        self.assertIn("TypeError", self.text("error.log"))

    def test_subclasses_may_add_atoms_and_their_wrapper(self) -> None:
        class Shouting(glogging.SafeAtoms):
            def __getitem__(self, key: str) -> Any:
                return str(super().__getitem__(key)).upper()

        class Own(glogging.Logger):
            atoms_wrapper_class = Shouting

            def atoms(self, *args: Any) -> Dict[str, Any]:
                return {**super().atoms(*args), "mine": 'my "own"'}

        form = "%(mine)s %(m)s"
        Own(log_settings(chdir=str(self.dir), accesslog="a.log", access_log_format=form)).access(
            RESP, REQ, ENVIRON, TOOK
        )
        self.assertEqual(self.text("a.log"), 'MY \\"OWN\\" GET\n')

    def test_a_formatter_finds_the_atoms_in_the_record(self) -> None:
        class AsJson(logging.Formatter):
            def format(self, record: logging.LogRecord) -> str:
                assert isinstance(record.args, dict)
                return json.dumps({"status": record.args["s"], "path": record.args["U"]})

        logger = self.logger(accesslog="access.log")
        logger.access_log.handlers[0].setFormatter(AsJson())
        logger.access(RESP, REQ, ENVIRON, TOOK)
        self.assertEqual(json.loads(self.text("access.log")), {"status": "200", "path": "/a b"})

    def test_lines_for_another_process_have_its_pid(self) -> None:
        logger = self.logger(accesslog="access.log", errorlog="error.log", access_log_format="%(p)s")
        with on_behalf_of(4242):
            logger.access(RESP, REQ, ENVIRON, TOOK)
            logger.error("elsewhere")
        logger.error("here")
        self.assertEqual(self.text("access.log"), "<4242>\n")
        self.assertRegex(self.text("error.log"), rf"\[4242\] \[ERROR\] elsewhere\n.*\[{os.getpid()}\] \[ERROR\] here\n")

    def test_when_access_lines_are_written(self) -> None:
        def is_enabled(**changes: Any) -> bool:
            logger = object.__new__(glogging.Logger)
            logger.cfg = log_settings(**changes)
            return logger.access_log_enabled

        self.assertFalse(is_enabled())
        self.assertTrue(is_enabled(accesslog="-"))
        self.assertTrue(is_enabled(logconfig="log.ini"))
        self.assertTrue(is_enabled(logconfig_dict={"version": 1}))
        self.assertTrue(is_enabled(logconfig_json="log.json"))
        self.assertTrue(is_enabled(syslog=True))
        self.assertFalse(is_enabled(syslog=True, disable_redirect_access_to_syslog=True))


INI = """
[loggers]
keys=root, gunicorn.error
[handlers]
keys=file
[formatters]
keys=short
[logger_root]
level=ERROR
handlers=
[logger_gunicorn.error]
level=DEBUG
handlers=file
propagate=0
qualname=gunicorn.error
[handler_file]
class=FileHandler
formatter=short
args=('%(here)s/from-ini.log',)
[formatter_short]
format=%(levelname)s~%(message)s
"""


def to_file(path: Path) -> Dict[str, Any]:
    handler = {"class": "logging.FileHandler", "filename": str(path), "formatter": "short"}
    error = {"level": "INFO", "handlers": ["file"], "propagate": False}
    return {
        "handlers": {"file": handler},
        "formatters": {"short": {"format": "%(levelname)s~%(message)s"}},
        "root": {"handlers": []},
        "loggers": {"gunicorn.error": error},
    }


class LogConfigTest(LoggerTest):
    def test_an_ini_file(self) -> None:
        (self.dir / "log.ini").write_text(INI)
        self.logger(logconfig="log.ini").debug("to the file")
        self.assertEqual(self.text("from-ini.log"), "DEBUG~to the file\n")

    def test_a_dict_goes_before_a_json_file_and_that_before_an_ini_file(self) -> None:
        (self.dir / "log.ini").write_text(INI)
        (self.dir / "log.json").write_text(json.dumps(to_file(self.dir / "from-json.log")))
        self.logger(logconfig="log.ini", logconfig_json="log.json").info("one")
        self.assertEqual(self.text("from-json.log"), "INFO~one\n")
        settings = {"logconfig": "log.ini", "logconfig_json": "log.json"}
        self.logger(**settings, logconfig_dict=to_file(self.dir / "from-dict.log")).info("two")
        self.assertEqual(self.text("from-dict.log"), "INFO~two\n")
        self.assertFalse((self.dir / "from-ini.log").exists())

    def test_keys_missing_in_a_dict_come_from_the_defaults(self) -> None:
        out = io.StringIO()
        with redirect_stdout(out):
            self.logger(logconfig_dict={"root": {"level": "WARNING", "handlers": ["console"]}}, errorlog="/dev/null")
            logging.getLogger("application").warning("said")
        self.assertRegex(out.getvalue(), r"\[WARNING\] said\n$")

    def test_mistakes_name_the_file_the_line_and_the_reason(self) -> None:
        (self.dir / "torn.json").write_text('{"version": 1,\n oops}')
        (self.dir / "list.json").write_text("[]")
        (self.dir / "torn.ini").write_text("no section\n")
        (self.dir / "empty.ini").write_text("[loggers]\nkeys=root\n")
        bad_handler = {"handlers": {"file": {"class": "logging.FileHandler", "filename": "/nowhere/x.log"}}}
        cases = (
            ({"logconfig": "none.ini"}, r"^log config 'none\.ini' not found$"),
            ({"logconfig_json": "none.json"}, r"^log config 'none\.json' not found$"),
            ({"logconfig_json": "torn.json"}, r"^log config '.*torn\.json', line 2: "),
            ({"logconfig_json": "list.json"}, r"wanted a JSON object, not list$"),
            ({"logconfig": "torn.ini"}, r"torn\.ini'.*line: 1|torn\.ini'.*line 1"),
            ({"logconfig": "empty.ini"}, r"^log config '.*empty\.ini': .*(formatters|handlers)"),
            ({"logconfig_dict": {"version": 2}}, r"^log config 'logconfig_dict': Unsupported version: 2$"),
            ({"logconfig_dict": bad_handler}, r"handler 'file': .*No such file or directory: '/nowhere/x\.log'$"),
            ({"syslog": True, "syslog_addr": "smoke://x"}, r"^invalid syslog address: 'smoke://x'"),
            ({"syslog": True, "syslog_facility": "smoke"}, r"^unknown facility name 'smoke'"),
        )
        for changes, wanted in cases:
            with self.subTest(changes), self.assertRaisesRegex(LogConfigError, wanted):
                log = ErrorLog("/dev/null")
                make_logger(log_settings(chdir=str(self.dir), errorlog="/dev/null", **changes), log, "python")


class ChoiceTest(LoggerTest):
    def test_the_writer_is_the_one_that_the_arbiter_has_decided_on(self) -> None:
        for writer, wanted in (("node", FastLogger), ("python", glogging.Logger)):
            for name in ("gunicorn.glogging.Logger", "gunicorn.glogging:Logger", "simple", "egg:gunicorn#simple"):
                with self.subTest(writer=writer, name=name):
                    cfg = log_settings(logger_class=name, errorlog="/dev/null", accesslog="/dev/null")
                    logs = open_logs(cfg, ErrorLog("/dev/null"), writer)
                    self.assertIs(type(logs.logger), wanted)
                    self.assertEqual(logs.access_is_python, writer == "python")

    def test_workers_call_access_only_where_it_has_work_to_do(self) -> None:
        class Own(glogging.Logger):
            pass

        class Counting(glogging.Logger):
            def access(self, *args: Any) -> None:
                pass

        def is_called(**changes: Any) -> bool:
            cfg = log_settings(errorlog="/dev/null", **changes)
            return open_logs(cfg, ErrorLog("/dev/null"), "python").access_is_python

        self.assertFalse(is_called(logger_class=Own))
        self.assertTrue(is_called(logger_class=Own, accesslog="/dev/null"))
        self.assertTrue(is_called(logger_class=Counting))

    def test_the_default_logger_writes_to_the_error_log_directly(self) -> None:
        path = self.dir / "error.log"
        logger = make_logger(log_settings(), ErrorLog(str(path)), "node")
        self.assertIsInstance(logger, glogging.Logger)
        logger.info("said %s", "so")
        logger.info("%(a)s and %(b)s", {"a": 1, "b": 2})
        logger.info("100% sure")
        logger.warning("%d", "not a number")
        logger.log("nonsense", "at info")
        logger.debug("not at all")
        try:
            raise ValueError("broken")
        except ValueError as error:
            logger.error("It is", exc_info=error)
        text = path.read_text()
        said = re.findall(r"\] \[([A-Z]+)\] (.*)", text)
        self.assertEqual(
            said,
            [
                ("INFO", "said so"),
                ("INFO", "1 and 2"),
                ("INFO", "100% sure"),
                ("WARNING", "%d ('not a number',)"),
                ("INFO", "at info"),
                ("ERROR", "It is"),
            ],
        )
        self.assertTrue(text.endswith("ValueError: broken\n"))

    def test_the_default_logger_goes_through_what_others_put_on_its_logger(self) -> None:
        path = self.dir / "error.log"
        logger = make_logger(log_settings(), ErrorLog(str(path)), "node")
        seen = io.StringIO()
        logging.getLogger("gunicorn.error").addHandler(logging.StreamHandler(seen))
        logger.error("to both")
        logger.error_log.handlers[0].setFormatter(logging.Formatter("mine: %(message)s"))
        logger.error("formatted")
        logger.error_log.addFilter(lambda record: "secret" not in record.getMessage())
        logger.error("secret")
        self.assertEqual(seen.getvalue(), "to both\nformatted\n")
        self.assertRegex(path.read_text(), r"\[ERROR\] to both\nmine: formatted\n$")


if __name__ == "__main__":
    unittest.main()
