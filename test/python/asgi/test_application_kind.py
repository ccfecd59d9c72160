"""The kind of an application, and the lifespan protocol."""

from __future__ import annotations

import asyncio
import functools
import unittest
from typing import Any, List

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.application_kind import WrongKind, as_asgi3, is_asgi, refuse_asgi, refuse_tornado
from tunicorn.asgi.lifespan import Lifespan, LifespanFailed


async def function(scope: Any, receive: Any, send: Any) -> None:
    await send(scope)


async def with_defaults(scope: Any, receive: Any = None, send: Any = None) -> None:
    await send(scope)


class Instance:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send(scope)


class Slotted:
    """Like middleware that selects its own __call__."""

    __slots__ = ("__call__",)

    def __init__(self) -> None:
        self.__call__ = function


class Awaitable:
    """Like an endpoint class, whose instance is awaited."""

    def __init__(self, scope: Any, receive: Any, send: Any) -> None:
        self.scope, self.send = scope, send

    def __await__(self) -> Any:
        return self.send(self.scope).__await__()


class Routed:
    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await send(scope)


class StaticCall:
    @staticmethod
    async def __call__(scope: Any, receive: Any, send: Any) -> None:
        await send(scope)


def plain(scope: Any, receive: Any, send: Any) -> Any:
    return function(scope, receive, send)


@functools.wraps(function)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def anything(*args: Any) -> Any:
    return function(*args)


async def with_option(option: Any, scope: Any, receive: Any, send: Any) -> None:
    await send(scope)


class Two:
    def __init__(self, scope: Any) -> None:
        self.scope = scope

    async def __call__(self, receive: Any, send: Any) -> None:
        await send(self.scope)


def two(scope: Any) -> Any:
    return Two(scope)


def wsgi(environ: Any, start_response: Any) -> Any:
    return []


def wsgi_with_more(environ: Any, start_response: Any, exc_info: Any = None) -> Any:
    return []


class WsgiInstance:
    def __call__(self, environ: Any, start_response: Any) -> Any:
        return []


class WsgiClass:
    def __init__(self, environ: Any, start_response: Any) -> None: ...

    def __iter__(self) -> Any:
        return iter(())


def factory() -> Any:
    return function


ASGI_3: List[Any] = [
    *(function, with_defaults, Instance(), Slotted(), Awaitable, Routed().app, StaticCall(), plain, wrapped, anything),
    *(functools.partial(function), functools.partial(with_option, 1), functools.partial(Instance())),
]
CERTAIN = [each for each in ASGI_3 if each not in (Awaitable, plain, wrapped, anything)]
ASGI_2: List[Any] = [Two, two, functools.partial(Two)]
WSGI: List[Any] = [wsgi, wsgi_with_more, WsgiInstance(), WsgiClass, functools.partial(wsgi)]


class Kinds(unittest.TestCase):
    def sent_by(self, app: Any) -> Any:
        sent: List[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def main() -> None:
            await as_asgi3(app)("scope", None, send)

        asyncio.run(main())
        return sent

    def test_every_shape_of_an_asgi_application_is_called_with_three_arguments(self) -> None:
        for app in ASGI_3:
            with self.subTest(app):
                self.assertIs(as_asgi3(app), app)
                self.assertEqual(self.sent_by(app), ["scope"])

    def test_an_application_of_asgi_2_is_adapted(self) -> None:
        for app in ASGI_2:
            with self.subTest(app):
                self.assertEqual(self.sent_by(app), ["scope"])

    def test_a_wsgi_application_is_refused_with_the_class_to_use(self) -> None:
        for app in WSGI:
            with self.subTest(app):
                self.assertFalse(is_asgi(app))
                with self.assertRaisesRegex(WrongKind, "WSGI application. Worker class asgi"):
                    as_asgi3(app)

    def test_a_factory_gets_the_arguments_of_its_call(self) -> None:
        with self.assertRaisesRegex(WrongKind, r"MODULE:NAME\(\)"):
            as_asgi3(factory)

    def test_a_callable_with_too_many_parameters_is_refused(self) -> None:
        def four(one: Any, two: Any, three: Any, four: Any) -> None: ...

        with self.assertRaisesRegex(WrongKind, "takes 4 arguments"):
            as_asgi3(four)

    def test_an_application_of_tornado_is_refused_by_what_it_has_and_nothing_else_is(self) -> None:
        class Tornados:
            def start_request(self, server_connection: Any, request_connection: Any) -> None: ...

            def __call__(self, request: Any) -> None: ...

        with self.assertRaisesRegex(WrongKind, "-k tornado"):
            refuse_tornado(Tornados(), "sync")
        for app in [*WSGI, *ASGI_2, *CERTAIN, anything]:
            with self.subTest(app):
                refuse_tornado(app, "sync")

    def test_wsgi_classes_refuse_what_is_certainly_asgi_and_nothing_else(self) -> None:
        for app in CERTAIN:
            with self.subTest(app), self.assertRaisesRegex(WrongKind, "-k asgi"):
                refuse_asgi(app, "gthread")
        for app in [*WSGI, *ASGI_2, anything]:
            with self.subTest(app):
                refuse_asgi(app, "gthread")
        for app in (plain, wrapped, Awaitable):
            with self.subTest(app), self.assertRaises(WrongKind):
                refuse_asgi(app, "sync")


class Log:
    def __init__(self) -> None:
        self.lines: List[str] = []

    def __getattr__(self, level: str) -> Any:
        return lambda message: self.lines.append(f"{level}: {message}")


UP = {"type": "lifespan.startup.complete"}
DOWN = {"type": "lifespan.shutdown.complete"}


class Lifespans(unittest.TestCase):
    def live(self, app: Any, mode: str = "auto", limit: float = 5) -> Any:
        """Start-up and shutdown; returns what start-up raised, the log, and the state."""
        log = Log()
        state: Any = {}

        async def main() -> Any:
            lifespan = Lifespan(app, mode, state, log)
            try:
                await lifespan.startup()
            except Exception as error:
                return error
            await lifespan.shutdown(limit)
            return None

        return asyncio.run(main()), log.lines, state

    def test_start_up_and_shutdown_in_their_order_with_one_state(self) -> None:
        seen: List[Any] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            self.assertEqual(scope["asgi"], {"version": "3.0", "spec_version": "2.0"})
            seen.append((scope["type"], (await receive())["type"]))
            scope["state"]["db"] = 1
            await send(UP)
            seen.append((await receive())["type"])
            await send(DOWN)

        for mode in ("auto", "on"):
            seen.clear()
            self.assertEqual(self.live(app, mode), (None, [], {"db": 1}))
            self.assertEqual(seen, [("lifespan", "lifespan.startup"), "lifespan.shutdown"])
        seen.clear()
        self.assertEqual(self.live(app, "off"), (None, [], {}))
        self.assertEqual(seen, [])

    def test_an_application_that_raises_immediately_has_none_unless_it_must(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise ValueError("only http")

        error, lines, _ = self.live(app)
        self.assertIsNone(error)
        self.assertEqual(lines, ["info: The application does not support lifespan: ValueError: only http"])
        error, lines, _ = self.live(app, "on")
        self.assertIsInstance(error, ValueError)

    def test_an_application_that_returns_without_a_word_has_none(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            pass

        for mode in ("auto", "on"):
            self.assertEqual(self.live(app, mode), (None, [], {}))

    def test_a_start_up_that_has_failed_says_why(self) -> None:
        for message, text in (({"message": "no database"}, "no database"), ({}, "cannot start")):

            async def app(scope: Any, receive: Any, send: Any, message: Any = message) -> None:
                await receive()
                await send({"type": "lifespan.startup.failed", **message})
                raise RuntimeError("and then raises, as frameworks do")

            for mode in ("auto", "on"):
                error, lines, _ = self.live(app, mode)
                self.assertIsInstance(error, LifespanFailed)
                self.assertIn(text, str(error))
                self.assertEqual(lines, [])

    def test_exceptions_after_start_up_are_logged(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(UP)
            await receive()
            raise RuntimeError("at the end")

        error, lines, _ = self.live(app)
        self.assertIsNone(error)
        self.assertEqual(lines, ["exception: Exception in the application's lifespan"])

    def test_a_shutdown_that_fails_or_hangs_is_logged(self) -> None:
        async def fails(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(UP)
            await receive()
            await send({"type": "lifespan.shutdown.failed", "message": "still busy"})

        async def hangs(scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send(UP)
            await receive()
            await asyncio.Event().wait()

        self.assertEqual(self.live(fails)[1], ["error: The application's lifespan failed to shut down: still busy"])
        self.assertEqual(
            self.live(hangs, limit=0.1)[1], ["warning: The application's lifespan did not shut down within 0.1 s"]
        )

    def test_messages_out_of_their_order_are_raised_in_the_application(self) -> None:
        raised: List[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            async def wrong(kind: str) -> None:
                try:
                    await send({"type": kind})
                except RuntimeError as error:
                    raised.append(str(error))

            await receive()
            await wrong("lifespan.shutdown.complete")
            await wrong("http.response.start")
            await send(UP)
            await wrong("lifespan.startup.complete")
            await wrong("lifespan.startup.failed")
            await wrong("lifespan.shutdown.complete")
            await receive()
            await send(DOWN)
            await wrong("lifespan.shutdown.complete")

        self.assertEqual(self.live(app)[:2], (None, []))
        self.assertEqual(len(raised), 6)
        self.assertEqual(
            raised[0], "Unexpected ASGI message 'lifespan.shutdown.complete' in the lifespan (phase silent)"
        )

    def test_the_applications_exit_is_not_swallowed(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            raise SystemExit(7)

        with self.assertRaises(SystemExit):
            self.live(app)


if __name__ == "__main__":
    unittest.main()
