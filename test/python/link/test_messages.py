"""test/vectors/link.json against the declarations of messages.py, as src/messages/ is tested against it too."""

from __future__ import annotations

import json
import os
import sys
import unittest
from typing import Any, Literal, Mapping, Union, get_args, get_origin, get_type_hints

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
sys.path.insert(0, os.path.join(ROOT, "python"))

from tunicorn.link.messages import FromForkserver, ServerFacts, ToForkserver  # noqa: E402
from tunicorn.link.worker_settings import WorkerSettings  # noqa: E402

with open(os.path.join(ROOT, "test", "vectors", "link.json"), encoding="ascii") as file:
    VECTORS: dict[str, Any] = json.load(file)


def fits(value: Any, declared: Any) -> bool:
    """Whether a JSON value fits the type."""
    origin, arguments = get_origin(declared), get_args(declared)
    if declared is Any:
        return True
    if origin is Union:
        return any(fits(value, one) for one in arguments)
    if origin is Literal:
        return value in arguments
    if origin is list:
        return isinstance(value, list) and all(fits(item, arguments[0]) for item in value)
    if origin is dict or origin is Mapping or getattr(origin, "__name__", "") == "Mapping":
        return isinstance(value, dict) and all(fits(item, arguments[1]) for item in value.values())
    if hasattr(declared, "__required_keys__"):
        return isinstance(value, dict) and declared.__required_keys__ <= set(value) and fits_fields(value, declared)
    if declared is float:
        return type(value) in (int, float)
    return type(value) is declared


def fits_fields(value: dict[str, Any], declared: Any) -> bool:
    hints = get_type_hints(declared)
    return all(name in hints and fits(field, hints[name]) for name, field in value.items())


def types_of(union: Any) -> set[str]:
    return {name for one in get_args(union) for name in get_args(get_type_hints(one)["type"])}


class Messages(unittest.TestCase):
    def test_every_message_to_the_forkserver_is_declared(self) -> None:
        for message in VECTORS["toForkserver"]:
            with self.subTest(message["type"]):
                self.assertTrue(fits(message, ToForkserver), message)
        self.assertEqual({message["type"] for message in VECTORS["toForkserver"]}, types_of(ToForkserver))

    def test_every_message_from_the_forkserver_is_declared(self) -> None:
        for message in VECTORS["fromForkserver"]["good"]:
            with self.subTest(message["type"]):
                self.assertTrue(fits(message, FromForkserver), message)
        self.assertEqual({message["type"] for message in VECTORS["fromForkserver"]["good"]}, types_of(FromForkserver))

    def test_no_bad_message_is_declared(self) -> None:
        for vector in VECTORS["fromForkserver"]["bad"]:
            with self.subTest(vector["name"]):
                self.assertFalse(fits(vector["message"], FromForkserver))

    def test_the_settings_of_prepare_are_those_that_workers_have(self) -> None:
        (settings,) = [message["settings"] for message in VECTORS["toForkserver"] if message["type"] == "prepare"]
        self.assertEqual(set(settings), set(WorkerSettings._fields))
        self.assertTrue(fits_fields(settings, WorkerSettings))

    def test_facts_are_some_of_the_servers(self) -> None:
        for message in VECTORS["toForkserver"]:
            if message["type"] == "facts":
                self.assertTrue(fits_fields(message["facts"], ServerFacts), message)


if __name__ == "__main__":
    unittest.main()
