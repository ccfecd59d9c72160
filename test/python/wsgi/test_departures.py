"""Clients and gateways that go away while a request runs."""

from __future__ import annotations

import unittest
from typing import Any

from gateway_double import CANCEL, TICKET_ID, WorkerSideTest, ticket
from wsgi_doubles import TEXT, Closable, hello, returning

from tunicorn.channels.channel_frame import ABORTED, END
from tunicorn.channels.channel_socket import ChannelLost


class ClientThatHasLeft(WorkerSideTest):
    def cancel(self) -> None:
        self.board.cancel(CANCEL, TICKET_ID)

    def test_iteration_stops_the_response_is_aborted_and_no_traceback_is_written(self) -> None:
        def second() -> bytes:
            self.cancel()
            return b"second"

        result = Closable([b"first", second, b"third"])
        frames = self.exchange(returning(result))
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(0, b"first"), (END | ABORTED, b"")])
        self.assertEqual(next(result), b"third")
        self.assertEqual(result.closed, 1)
        self.assertEqual(self.log.lines, [("debug", "Client went away during GET /path?a=1")])
        self.assert_released()

    def test_before_the_head_it_is_sent_with_the_abort(self) -> None:
        def first() -> bytes:
            self.cancel()
            return b"first"

        (frame,) = self.exchange(returning(Closable([first, b"second"])))
        self.assertEqual((frame.status, frame.flags, frame.data), (200, END | ABORTED, b""))

    def test_is_seen_between_the_pieces_of_a_large_item(self) -> None:
        def once_the_first_frame_is_read(read: Any) -> bytes:
            frame: bytes = read()
            self.cancel()
            return frame

        read = self.read_frame
        self.read_frame = lambda: once_the_first_frame_is_read(read)  # type: ignore[method-assign]
        frames = self.exchange(returning(iter([b"x" * (32 * 1024 * 1024)])))
        self.assertLess(len(frames), 5)
        self.assert_cut_off(frames)

    def test_write_raises_a_connection_error_each_time(self) -> None:
        raised: list[BaseException] = []

        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"first")
            self.cancel()
            for _ in range(2):
                try:
                    write(b"more")
                except ConnectionError as error:
                    raised.append(error)
            return [b"rest"]

        frames = self.exchange(app)
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(0, b"first"), (END | ABORTED, b"")])
        self.assertEqual(len(raised), 2)
        self.assertEqual([level for level, _ in self.log.lines], ["debug"])

    def test_an_uncaught_error_of_write_leaves_no_traceback(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            self.cancel()
            write(b"more")

        self.assert_cut_off(self.exchange(app))
        self.assertEqual([level for level, _ in self.log.lines], ["debug"])
        self.assert_released()


class GatewayThatHasGone(WorkerSideTest):
    def test_while_streaming_stops_closes_and_writes_no_traceback(self) -> None:
        def second() -> bytes:
            self.gateway.close()
            return b"second"

        result = Closable([b"first", second, b"third"])
        self.runner(returning(result)).run(ticket())
        self.assertEqual(result.closed, 1)
        self.assertEqual(next(result), b"third")
        self.assertEqual([level for level, _ in self.log.lines], ["warning"])
        self.assertIn("GET /path?a=1", self.log.lines[0][1])
        self.assertTrue(self.channel.is_lost)
        self.assert_released()

    def test_while_the_application_runs_is_found_at_the_first_frame(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.gateway.close()
            return hello(environ, start_response)

        self.runner(app).run(ticket())
        self.assertEqual([level for level, _ in self.log.lines], ["warning"])
        self.assert_released()

    def test_an_application_error_is_logged_even_so(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.gateway.close()
            raise ValueError("its own")

        self.runner(app).run(ticket())
        self.assertEqual([level for level, _ in self.log.lines], ["error", "warning"])

    def test_a_connection_error_of_the_applications_own_is_an_application_error(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise ConnectionResetError("the database")

        self.assert_error_page(self.exchange(app))
        self.assertNotIsInstance(ConnectionResetError(), ChannelLost)


if __name__ == "__main__":
    unittest.main()
