"""The messages that Python processes log, each declared once with its level, its cause and what to do about it.

A module for each area; docs/log-messages.md is generated from them (`npm run docs`). To log one:

    say(log, logs.WRITTEN_AGAIN, log="error log", count=3)

To add one, declare it in the module of its area; to add an area, add a module with an AREA and name it in __main__.py.
src/log/catalog/areas.ts has the rules, and the messages of the Node processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tunicorn.log.log_protocol import Log


class Message(NamedTuple):
    level: str
    text: str
    """With placeholders in braces, as for str.format()."""
    cause: str
    remedy: str
    is_gunicorns: bool = False
    """The text is Gunicorn's, word for word: log parsers may look for it."""


def text_of(message: Message, /, **values: object) -> str:
    return message.text.format(**values) if values else message.text


def say(log: Log, message: Message, /, **values: object) -> None:
    """Formats no debug message that the log would drop."""
    if message.level != "debug" or getattr(log, "takes_debug", True):
        getattr(log, message.level)(text_of(message, **values))


def say_exception(log: Log, message: Message, /, **values: object) -> None:
    """With the traceback of the exception that is being handled."""
    log.exception(text_of(message, **values))
