"""The states of an HTTP exchange and of a WebSocket: every legal move; all others are refused."""

from __future__ import annotations

import unittest
from enum import Enum
from typing import Any, Dict, Type

import asgi_doubles  # noqa: F401  (finds the package)

from tunicorn.asgi.http import response_state
from tunicorn.asgi.http.response_state import IllegalMove, ResponseState
from tunicorn.asgi.web_socket import web_socket_state
from tunicorn.asgi.web_socket.web_socket_state import WebSocketState

RESPONSE = {
    "UNSTARTED": {"start": "STARTED", "end": "ENDED", "leave": "LEFT_EARLY"},
    "STARTED": {"piece": "SENDING", "end": "ENDED", "leave": "LEFT_EARLY"},
    "SENDING": {"piece": "SENDING", "trail": "TRAILING", "end": "ENDED", "leave": "LEFT_LATE"},
    "TRAILING": {"end": "ENDED", "leave": "LEFT_LATE"},
    "LEFT_EARLY": {"end": "ABANDONED"},
    "LEFT_LATE": {"end": "ABANDONED"},
    "ENDED": {},
    "ABANDONED": {},
}
WEB_SOCKET = {
    "CONNECTING": {"accept": "OPEN", "deny": "DENYING", "finish": "FINISHED", "leave": "GIVEN_UP", "end": "ENDED"},
    "OPEN": {"finish": "FINISHED", "leave": "CLOSED", "end": "ENDED"},
    "DENYING": {"finish": "FINISHED", "leave": "DENYING"},
    "GIVEN_UP": {"leave": "GIVEN_UP", "end": "ENDED"},
    "CLOSED": {"leave": "CLOSED", "end": "ENDED"},
    "ENDED": {"leave": "ENDED"},
    "FINISHED": {"leave": "FINISHED"},
}


class Moves(unittest.TestCase):
    def check(self, states: Type[Enum], move: Any, events: str, table: Dict[str, Dict[str, str]]) -> None:
        self.assertEqual([state.name for state in states], list(table))
        for state in states:
            for event in events.split():
                after = table[state.name].get(event)
                with self.subTest(state=state.name, event=event):
                    if after is None:
                        self.assertRaises(RuntimeError, move, state, event)
                    else:
                        self.assertIs(move(state, event), states[after])

    def test_of_an_http_exchange(self) -> None:
        self.check(ResponseState, response_state.move, "start piece trail end leave", RESPONSE)

    def test_of_a_web_socket(self) -> None:
        self.check(WebSocketState, web_socket_state.move, "accept deny finish leave end", WEB_SOCKET)

    def test_a_body_out_of_turn_is_refused_in_the_words_of_the_specification(self) -> None:
        for state, when in (
            (response_state.UNSTARTED, "before 'http.response.start'"),
            (response_state.ENDED, "after the response was complete"),
        ):
            with self.assertRaises(IllegalMove) as caught:
                response_state.move(state, "piece")
            self.assertEqual(str(caught.exception), f"Unexpected ASGI message 'http.response.body' {when}")

    def test_facts_of_the_states(self) -> None:
        self.assertEqual(
            [state.name for state in ResponseState if state.head_is_sent],
            ["SENDING", "TRAILING", "LEFT_LATE", "ENDED", "ABANDONED"],
        )
        self.assertEqual(
            [state.name for state in ResponseState if state.is_gone], ["LEFT_EARLY", "LEFT_LATE", "ABANDONED"]
        )
        self.assertEqual([state.name for state in ResponseState if state.is_over], ["ENDED", "ABANDONED"])
