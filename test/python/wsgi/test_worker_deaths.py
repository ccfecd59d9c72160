"""Workers that are killed at each step of a request."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unittest

from gateway_double import ROOT, TICKET_ID, WorkerSideTest, frames_of

from tunicorn.channels.channel_frame import END


class DeathAtEachStep(WorkerSideTest):
    """Each point is where its name says: a worker killed there has done everything before it and nothing after."""

    PROGRAM = """
import socket, sys
sys.path[:0] = sys.argv[3:5]
from gateway_double import ListLog, ticket, base_environ, Channel, ClaimsBoard, ErrorLog, RequestRunner, WsgiErrors
from tunicorn.runqueue.ticket import FOLLOWS
claim = ClaimsBoard.open(sys.argv[1]).slot(1)
workers_end = socket.socket(fileno=int(sys.argv[2]))
channel = Channel(claim, lambda: workers_end)
channel.connect()
def app(environ, start_response):
    start_response("200 OK", [])
    channel.body(1, 0, b"app ran")
    return iter([b"first", b"second"])
errors = WsgiErrors(ErrorLog("-"))
runner = RequestRunner(app=app, base_environ=base_environ(True, "x", errors), channel=lambda number: channel,
                       claim=claim, errors=errors, log=ListLog())
runner.run(ticket(flags=FOLLOWS, fields_length=18, body_length=0))
"""
    ASKED, RAN, HEAD_FRAME, BODY_FRAME, LAST = "ask", "ran", "head", "body", "end"

    def run_until(self, point: str) -> tuple[list[str], int]:
        fields = b"REQUEST_METHOD\0GET"
        self.gateway.sendall((16 + len(fields)).to_bytes(4, "little") + b"\7\0\0\0" + TICKET_ID.to_bytes(8, "little"))
        self.gateway.sendall(fields)
        workers_fd = self.channel._socket.fileno()
        arguments = [
            self.board.path,
            str(workers_fd),
            os.path.join(ROOT, "test", "python"),
            os.path.join(ROOT, "python"),
        ]
        fault = f"{point}:kill:{os.path.join(self.directory, point)}"
        done = subprocess.run(
            [sys.executable, "-c", self.PROGRAM, *arguments],
            pass_fds=[workers_fd],
            env={**os.environ, "TUNICORN_FAULT": fault},
            timeout=30,
        )
        self.assertEqual(done.returncode, -signal.SIGKILL)
        names = {(2, 0): "ask", (4, 0): "body", (3, 0): "head", (4, END): "end"}
        frames = [
            "ran" if frame.data == b"app ran" else names[frame.type, frame.flags]
            for frame in frames_of(self.waiting_bytes())
        ]
        return frames, self.board.slot(1)["claim"]

    def test_every_point(self) -> None:
        for point, frames, claim in (
            ("after-claim", [], TICKET_ID),
            ("after-ask", ["ask"], TICKET_ID),
            ("in-app", ["ask"], TICKET_ID),
            ("after-head", ["ask", "ran", "head"], TICKET_ID),
            ("before-end", ["ask", "ran", "head", "body"], TICKET_ID),
            ("after-end", ["ask", "ran", "head", "body", "end"], TICKET_ID),
            ("after-release", ["ask", "ran", "head", "body", "end"], 0),
        ):
            with self.subTest(point):
                self.setUp()
                self.assertEqual(self.run_until(point), (frames, claim))


if __name__ == "__main__":
    unittest.main()
