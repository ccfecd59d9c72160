"""Finding the application: Gunicorn's rules for MODULE[:CALLABLE], and its messages."""

from __future__ import annotations

import os
import sys
import tempfile
import textwrap
import traceback
import unittest
from typing import Any

from gateway_double import ROOT

from tunicorn.application.load_application import AppImportError, load
from tunicorn.log.tracebacks import drop_own_frames, user_traceback

MODULE = """
def application(environ, start_response): return ["application"]
def other(environ, start_response): return ["other"]
nothing = None
number = 7
class Holder:
    wsgi_app = staticmethod(other)
    def make(self, name): return lambda environ, start_response: [name]
holder = Holder()
def factory(*args, **kwargs): return lambda environ, start_response: [(args, kwargs)]
def strict(name): return application
def makes_none(): return None
def fails(): return int([])
def fails_in_c(): raise KeyError("inside")
"""


class Load(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = os.path.realpath(directory.name)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.directory)
        modules = set(sys.modules)
        sys.path.insert(0, self.directory)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - modules])
        self.addCleanup(sys.path.remove, self.directory)
        self.write("apps.py", MODULE)
        self.write("package/__init__.py", "")
        self.write("package/wsgi.py", MODULE)

    def write(self, name: str, text: str) -> None:
        os.makedirs(os.path.dirname(os.path.join(self.directory, name)), exist_ok=True)
        with open(os.path.join(self.directory, name), "w") as file:
            file.write(textwrap.dedent(text))

    def answer(self, uri: str) -> Any:
        return load(uri)({}, None)[0]

    def refused(self, uri: str) -> str:
        with self.assertRaises(AppImportError) as caught:
            load(uri)
        return str(caught.exception)

    def test_the_callable_is_application_unless_named(self) -> None:
        self.assertEqual(self.answer("apps"), "application")
        self.assertEqual(self.answer("apps:other"), "other")
        self.assertEqual(self.answer("package.wsgi"), "application")

    def test_dotted_attributes_are_followed(self) -> None:
        self.assertEqual(self.answer("package.wsgi:holder.wsgi_app"), "other")
        self.assertEqual(self.answer("apps:holder.make('made')"), "made")

    def test_a_factory_is_called_with_literal_arguments(self) -> None:
        self.assertEqual(self.answer("apps:factory()"), ((), {}))
        self.assertEqual(
            self.answer("apps:factory('prod', -1, [1, (2.5,)], debug=False, name=None, d={'a': b'x'})"),
            (("prod", -1, [1, (2.5,)]), {"debug": False, "name": None, "d": {"a": b"x"}}),
        )

    def test_an_expression_that_is_neither_a_name_nor_a_call_is_refused(self) -> None:
        for expression in ("a b", "1", "'x'", "a[0]", "a + b", "lambda: 0", "a(", "a, b", "a.b[0]", "(a()).b", "a=1"):
            with self.subTest(expression):
                self.assertEqual(
                    self.refused(f"apps:{expression}"),
                    f"Failed to parse {expression!r} as an attribute name or function call.",
                )

    def test_no_name_after_the_colon_is_refused(self) -> None:
        self.assertEqual(self.refused("apps:"), "Failed to parse '' as an attribute name or function call.")

    def test_a_call_of_something_else_than_a_name_is_refused(self) -> None:
        for expression in ("factory()()", "holder[0]()", "(lambda: 0)()"):
            with self.subTest(expression):
                self.assertEqual(
                    self.refused(f"apps:{expression}"), f"Function reference must be a simple name: {expression!r}"
                )

    def test_arguments_that_are_no_literals_are_refused(self) -> None:
        for expression in (
            "factory(other)",
            "factory(1 + x)",
            "factory(a=f())",
            "factory(*[1])",
            "factory(**{'a': 1})",
        ):
            with self.subTest(expression):
                self.assertEqual(
                    self.refused(f"apps:{expression}"), f"Failed to parse arguments as literal values: {expression!r}"
                )

    def test_a_missing_attribute_is_named(self) -> None:
        self.assertEqual(self.refused("apps:missing"), "Failed to find attribute 'missing' in 'apps'.")
        self.assertEqual(self.refused("apps:holder.missing"), "Failed to find attribute 'holder.missing' in 'apps'.")
        self.assertEqual(self.refused("package"), "Failed to find attribute 'application' in 'package'.")
        self.assertEqual(self.refused("apps:missing()"), "Failed to find attribute 'missing' in 'apps'.")

    def test_a_factory_that_takes_other_arguments_is_reported_with_pythons_text(self) -> None:
        self.assertRegex(self.refused("apps:strict()"), r"^TypeError: strict\(\) missing 1 required .* 'name'$")
        self.assertRegex(self.refused("apps:strict(1, 2)"), r"^TypeError: strict\(\) takes 1 positional argument but 2")
        self.assertRegex(self.refused("apps:strict(other=1)"), r"^TypeError: strict\(\) got an unexpected keyword")

    def test_an_exception_raised_by_a_factory_is_not_an_import_error(self) -> None:
        with self.assertRaises(TypeError):
            load("apps:fails()")
        with self.assertRaises(KeyError):
            load("apps:fails_in_c()")

    def test_none_and_what_cannot_be_called_are_refused(self) -> None:
        self.assertEqual(self.refused("apps:nothing"), "Failed to find application object: 'nothing'")
        self.assertEqual(self.refused("apps:makes_none()"), "Failed to find application object: 'makes_none()'")
        self.assertEqual(self.refused("apps:number"), "Application object must be callable.")

    def test_a_file_name_gets_a_suggestion(self) -> None:
        for uri, wanted in (("apps.py", "apps:application"), ("apps.py:other", "apps:other")):
            with self.assertRaises(ImportError) as caught:
                load(uri)
            self.assertEqual(str(caught.exception), f"Failed to find application, did you mean '{wanted}'?")

    def test_a_module_that_does_not_import_raises_what_python_raises(self) -> None:
        self.write("broken.py", "import missing_dependency\n")
        for uri, missing in (("no_such_module", "no_such_module"), ("broken", "missing_dependency"), ("no.py", "no")):
            with self.subTest(uri), self.assertRaises(ModuleNotFoundError) as caught:
                load(uri)
            self.assertEqual(caught.exception.name, missing)

    def test_a_file_name_whose_module_lacks_a_dependency_gets_no_wrong_suggestion(self) -> None:
        self.write("broken.py", "import missing_dependency\n")
        with self.assertRaises(ModuleNotFoundError) as caught:
            load("broken.py")
        self.assertEqual(caught.exception.name, "missing_dependency")

    def test_the_traceback_shows_the_applications_frames_alone(self) -> None:
        self.write("deep.py", "import inner\n")
        self.write("inner.py", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('chained')\n")
        try:
            load("deep")
        except ValueError as error:
            text = user_traceback(error)
        own = os.path.join(ROOT, "python", "tunicorn")
        self.assertNotIn(own, text)
        self.assertNotIn("importlib", text)
        self.assertEqual(text.count("Traceback (most recent call last):"), 2)
        self.assertIn(f'File "{self.directory}/deep.py", line 1', text)
        self.assertIn("ZeroDivisionError: division by zero\n", text)
        self.assertTrue(text.endswith("ValueError: chained\n"))

    def test_the_traceback_in_a_log_record_has_only_the_applications_frames(self) -> None:
        # The last call raises in a frame of the package, as a signal handler of the worker does.
        self.write("calls.py", "from tunicorn.application.load_application import load\nload('no_such_module')\n")
        try:
            load("calls")
        except ModuleNotFoundError as error:
            frames = traceback.extract_tb(drop_own_frames(error).__traceback__)
        self.assertEqual((frames[-1].filename, frames[-1].lineno), (f"{self.directory}/calls.py", 2))

    def test_the_traceback_of_a_syntax_error_shows_the_line(self) -> None:
        self.write("syntax.py", "x = (\n")
        try:
            load("syntax")
        except SyntaxError as error:
            text = user_traceback(error)
        self.assertIn(f'File "{self.directory}/syntax.py", line 1', text)
        self.assertIn("SyntaxError", text)
        self.assertNotIn("importlib", text)


if __name__ == "__main__":
    unittest.main()
