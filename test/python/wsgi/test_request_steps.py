"""One ticket from the claim to the release: the order of the steps, and the sources of fields and body."""

from __future__ import annotations

import io
import os
import struct
import threading
import time
import unittest
from typing import Any

from gateway_double import CANCEL, GATEWAY, TICKET_ID, UNLESS_BEGUN, WorkerSideTest, frames_of, ticket
from wsgi_doubles import TEXT, Closable, hello, returning

from tunicorn.channels.channel_frame import ABORTED, ASK, DATA, END, PROBED, SKIP, TAKEN, UNACKNOWLEDGED_BYTES, WATCH
from tunicorn.runqueue.ticket import FOLLOWS, KIND_PROBE, RAW_PATH, STREAMED


def piece(data: bytes, flags: int = 0) -> bytes:
    """A piece of a streamed body, as the gateway sends it after WATCH."""
    return struct.pack("<IBBHQ", 16 + len(data), DATA, flags, 0, TICKET_ID) + data


class Never:
    """An application that must not be called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        return hello(environ, start_response)


class RequestSteps(WorkerSideTest):
    def test_the_claim_stands_while_the_application_runs_and_is_gone_afterwards(self) -> None:
        seen: list[dict[str, int]] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append(self.board.slot(1))
            return hello(environ, start_response)

        self.exchange(app)
        self.assertEqual((seen[0]["claim"], seen[0]["gateway"], seen[0]["taken"]), (TICKET_ID, GATEWAY, 1))
        self.assertGreater(seen[0]["started"], 0)
        self.assert_released()

    def test_the_claim_stands_when_end_is_sent_and_while_close_runs(self) -> None:
        seen: list[tuple[bytes, int]] = []

        class Watched(Closable):
            def close(watched) -> None:
                seen.append((self.waiting_bytes(), self.board.slot(1)["claim"]))

        self.runner(returning(Watched([b"data"]))).run(ticket())
        ((sent, claim),) = seen
        self.assertTrue(frames_of(sent)[-1].is_end)
        self.assertEqual(claim, TICKET_ID)
        self.assert_released()

    def test_the_claim_stands_and_is_held_until_a_long_response_has_been_read(self) -> None:
        for size, waits in ((UNACKNOWLEDGED_BYTES, False), (UNACKNOWLEDGED_BYTES + 1, True)):
            with self.subTest(size=size):
                worker = threading.Thread(
                    target=self.runner(returning([b"x" * size])).run, args=(ticket(),), daemon=True
                )
                worker.start()
                (frame,) = frames_of(self.read_frame())
                self.assertEqual((frame.is_end, len(frame.data)), (True, size))
                if waits:
                    deadline = time.monotonic() + 20
                    while not self.board.slot(1)["held"]:
                        self.assertLess(time.monotonic(), deadline, "the claim was never marked as held")
                        time.sleep(0.001)
                    self.assertEqual(self.board.slot(1)["claim"], TICKET_ID)
                    self.gateway.sendall(struct.pack("<IBBHQ", 16, TAKEN, 0, 0, TICKET_ID))
                worker.join(20)
                self.assertFalse(worker.is_alive())
                self.assert_released()

    def test_a_cancelled_ticket_is_claimed_and_skipped(self) -> None:
        app = Never()
        self.board.cancel(CANCEL, TICKET_ID)
        for flags in (0, FOLLOWS):
            (frame,) = self.exchange(app, ticket(flags=flags))
            self.assertEqual((frame.type, frame.flags, frame.id), (SKIP, END, TICKET_ID))
        self.assertEqual((app.calls, self.board.slot(1)["taken"]), (0, 2))
        self.assert_released()

    def test_a_ticket_whose_client_stopped_sending_before_it_was_begun_is_skipped(self) -> None:
        app = Never()
        self.board.cancel(CANCEL, TICKET_ID | UNLESS_BEGUN)
        (frame,) = self.exchange(app)
        self.assertEqual((frame.type, app.calls), (SKIP, 0))

    def test_a_streamed_body_is_whole_before_the_application_is_called(self) -> None:
        self.gateway.sendall(piece(b"one ") + piece(b"two") + piece(b"", END))
        seen: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append(environ["wsgi.input"].read())
            return hello(environ, start_response)

        watch, head = self.exchange(app, ticket(flags=STREAMED))
        self.assertEqual((watch.type, watch.id, head.data, seen), (WATCH, TICKET_ID, b"hello", [b"one two"]))

    def test_a_streamed_body_whose_client_leaves_is_skipped(self) -> None:
        self.gateway.sendall(piece(b"one ") + piece(b"", END | ABORTED))
        app = Never()
        frames = self.exchange(app, ticket(flags=STREAMED))
        self.assertEqual(([frame.type for frame in frames], app.calls), ([WATCH, SKIP], 0))
        self.assert_released()

    def test_a_response_that_has_begun_by_then_goes_on_and_the_application_can_see_it(self) -> None:
        seen: list[bool] = []

        def app(environ: Any, start_response: Any) -> Any:
            self.board.cancel(CANCEL, TICKET_ID | UNLESS_BEGUN)
            seen.append(environ["tunicorn.client_disconnected"]())
            environ["wsgi.early_hints"]([("A", "b")])
            start_response("200 OK", TEXT)
            return iter([b"one", b"two"])

        frames = self.exchange(app)
        self.assertEqual([frame.data for frame in frames], [b"A: b\r\n", b"one", b"two", b""])
        self.assertEqual((frames[-1].flags, seen), (END, [True]))

    def test_a_cancel_entry_of_another_ticket_does_not_matter(self) -> None:
        self.board.cancel(CANCEL, TICKET_ID + 1)
        self.assertEqual(self.exchange(hello)[0].data, b"hello")

    def test_a_probe_is_answered_without_a_claim(self) -> None:
        app = Never()
        (frame,) = self.exchange(app, ticket(kind=KIND_PROBE))
        self.assertEqual((frame.type, frame.flags, frame.id), (PROBED, END, TICKET_ID))
        self.assertEqual((app.calls, self.board.slot(1)["taken"]), (0, 0))

    def test_a_ticket_of_a_gateway_that_has_gone_is_dropped(self) -> None:
        app = Never()
        self.runner(app).run(ticket(gateway=GATEWAY + 1))
        self.assertEqual(app.calls, 0)
        self.assert_released()


class FieldsThatFollow(WorkerSideTest):
    FIELDS_BYTES = b"REQUEST_METHOD\0POST\0PATH_INFO\0/%00\0RAW_URI\0/%00"

    def answer(self, answer: bytes) -> None:
        def gateway() -> None:
            self.asked = self.read_frame()
            self.gateway.sendall(answer)

        self.asked = b""
        thread = threading.Thread(target=gateway, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 20)

    def follows(self) -> Any:
        return ticket(
            fields={}, flags=FOLLOWS | RAW_PATH, fields_length=len(self.FIELDS_BYTES), body_length=100_000, body=b""
        )._replace(fields={})

    def header(self, kind: int, size: int) -> bytes:
        return (16 + size).to_bytes(4, "little") + bytes((kind, 0, 0, 0)) + TICKET_ID.to_bytes(8, "little")

    def test_fields_and_body_are_asked_for_after_the_claim(self) -> None:
        body = os.urandom(100_000)
        self.answer(self.header(7, len(self.FIELDS_BYTES) + len(body)) + self.FIELDS_BYTES + body)
        seen: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["wsgi.input"].read() == body))
            return hello(environ, start_response)

        self.runner(app).run(self.follows())
        self.assertEqual((self.asked[4], self.asked[8]), (ASK, TICKET_ID))
        self.assertEqual(seen, [("POST", "/\0", True)])
        self.assertEqual(frames_of(self.waiting_bytes())[0].data, b"hello")

    def test_gone_is_answered_by_skip(self) -> None:
        app = Never()
        self.answer(self.header(8, 0))
        self.runner(app).run(self.follows())
        (frame,) = frames_of(self.waiting_bytes())
        self.assertEqual((frame.type, app.calls), (SKIP, 0))
        self.assert_released()

    def test_malformed_fields_are_a_500_that_the_log_explains(self) -> None:
        app = Never()
        self.answer(self.header(7, len(self.FIELDS_BYTES) + 100_000) + b"x" * (len(self.FIELDS_BYTES) + 100_000))
        self.runner(app).run(self.follows())
        self.assert_error_page(frames_of(self.waiting_bytes()))
        self.assertIn("names and values come in pairs", self.log.texts("error")[0])
        self.assertEqual(app.calls, 0)

    def test_a_gateway_that_breaks_off_is_reported_without_a_traceback(self) -> None:
        app = Never()
        self.answer(self.header(7, 5))
        self.runner(app).run(self.follows())
        self.assertEqual(app.calls, 0)
        self.assertEqual(len(self.log.texts("warning")), 1)
        self.assertEqual(self.log.texts("error"), [])
        self.assert_released()


class SpooledBody(WorkerSideTest):
    def test_the_file_is_the_input_and_is_closed_afterwards(self) -> None:
        path = os.path.join(self.directory, "spool")
        with open(path, "wb") as file:
            file.write(b"spooled")
        inputs: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            inputs.append((environ["wsgi.input"], environ["wsgi.input"].read()))
            environ["wsgi.input"] = io.BytesIO()
            return hello(environ, start_response)

        self.exchange(app, ticket({"tunicorn.spool": path}))
        ((file, content),) = inputs
        self.assertEqual((content, file.closed), (b"spooled", True))

    def test_a_file_that_is_missing_is_a_500_that_the_log_explains(self) -> None:
        app = Never()
        path = os.path.join(self.directory, "missing")
        self.assert_error_page(self.exchange(app, ticket({"tunicorn.spool": path})))
        self.assertIn(f"GET /path?a=1: [Errno 2] No such file or directory: '{path}'", self.log.texts("error")[0])
        self.assertEqual(app.calls, 0)

    def test_a_file_that_went_with_its_client_is_a_skip(self) -> None:
        app = Never()
        answers = iter((False, True))
        self.claim = type(
            "CancelledMeanwhile",
            (),
            {
                "claim": lambda *arguments: None,
                "release": lambda *arguments: None,
                "has_left": lambda *arguments: next(answers),
            },
        )()
        (frame,) = self.exchange(app, ticket({"tunicorn.spool": "/nowhere/at/all"}))
        self.assertEqual((frame.type, app.calls), (SKIP, 0))


if __name__ == "__main__":
    unittest.main()
