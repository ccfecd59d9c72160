"""RecordingConfig: the settings of an embedding program, sorted by their precedence among the sources."""

from __future__ import annotations

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "..", "python"))

from tunicorn.config.config_file import ConfigFile  # noqa: E402
from tunicorn.forkserver.application_source import EmbeddedSource  # noqa: E402
from tunicorn.embedding.recording_config import RecordingConfig  # noqa: E402
from tunicorn.embedding.keyword_application import KeywordApplication  # noqa: E402


def application(environ: object, start_response: object) -> None: ...


class Recording(unittest.TestCase):
    def test_without_other_sources_all_is_the_framework_s(self) -> None:
        cfg = RecordingConfig()
        cfg.set("workers", "3")
        self.assertEqual((cfg.workers, cfg.framework, cfg.overrides), (3, {"workers": "3"}, {}))

    def test_values_set_after_a_file_override_it(self) -> None:
        cfg = RecordingConfig()
        cfg.set("workers", 3)
        cfg.take_file(ConfigFile("x.py", {"workers": 4, "timeout": 5, "other": 6}, {"workers": 4, "timeout": 5}))
        cfg.set("timeout", 7)
        self.assertEqual((cfg.workers, cfg.timeout), (4, 7))
        self.assertEqual((cfg.framework, cfg.overrides), ({"workers": 3}, {"timeout": 7}))

    def test_an_unknown_setting_and_a_wrong_value_raise(self) -> None:
        cfg = RecordingConfig()
        with self.assertRaisesRegex(AttributeError, "No configuration setting for: nope"):
            cfg.set("nope", 1)
        with self.assertRaises(ValueError):
            cfg.set("workers", "many")
        self.assertEqual(cfg.framework, {})

    def test_the_parser_knows_the_flags_of_the_command(self) -> None:
        options = RecordingConfig().parser().parse_args(["-w4", "-b", "a:1", "-b", "b:2", "--preload", "shop:app"])
        self.assertEqual((options.workers, options.bind, options.preload_app), ("4", ["a:1", "b:2"], True))
        self.assertEqual((options.args, options.timeout), (["shop:app"], None))

    def test_objects_that_are_not_json_are_described_and_kept(self) -> None:
        cfg = RecordingConfig()
        hook = lambda server: None  # noqa: E731
        cfg.set("on_starting", hook)

        class App:
            pass

        app = App()
        app.cfg = cfg  # type: ignore[attr-defined]
        found = EmbeddedSource(app).configure(None)
        self.assertIn("$callable", found.framework["on_starting"])
        assert found.objects is not None
        self.assertIs(found.objects["on_starting"], hook)


class Run(unittest.TestCase):
    def test_keywords_are_settings(self) -> None:
        self.assertEqual(KeywordApplication(application, {"workers": 2}).cfg.framework, {"workers": 2})
        with self.assertRaisesRegex(TypeError, "'worker', which is not a setting; did you mean 'workers'"):
            KeywordApplication(application, {"worker": 2})

    def test_an_application_or_its_name(self) -> None:
        self.assertIs(KeywordApplication(application, {}).wsgi(), application)
        self.assertIs(KeywordApplication("os.path:join", {}).wsgi(), os.path.join)
        with self.assertRaisesRegex(TypeError, "wants an application or its name, not 3"):
            KeywordApplication(3, {})  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
