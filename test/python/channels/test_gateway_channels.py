"""Which channels a worker keeps: one to each living gateway."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
import unittest

from gateway_double import BoardFile

from tunicorn.channels.answer_pipe import AnswerPipes
from tunicorn.channels.asgi_channel import Channel as AsgiChannel
from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_socket import ChannelIdentity, channel_socket_path
from tunicorn.runqueue.claims_board import ClaimsBoard
from tunicorn.channels.gateway_channels import GatewayChannels


class GatewaySockets(unittest.TestCase):
    """A runtime directory with gateways that only listen."""

    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="tunicorn-test-")
        self.addCleanup(shutil.rmtree, self.directory)

    def listen(self, gateway: int) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.settimeout(20)
        listening.bind(channel_socket_path(self.directory, gateway))
        listening.listen()
        self.addCleanup(listening.close)
        return listening

    def accept(self, listening: socket.socket) -> socket.socket:
        accepted, _ = listening.accept()
        accepted.settimeout(20)
        self.addCleanup(accepted.close)
        return accepted

    def end(self, gateway: int) -> None:
        os.unlink(channel_socket_path(self.directory, gateway))

    def assert_closed(self, accepted: socket.socket) -> None:
        while accepted.recv(4096):
            pass

    def assert_open(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while accepted.recv(4096):
                pass


class TestGatewayChannels(GatewaySockets):
    def setUp(self) -> None:
        super().setUp()
        board = BoardFile(self.directory)
        self.addCleanup(board.close)
        claim = ClaimsBoard.open(board.path).slot(1)
        identity = ChannelIdentity(1, os.getpid(), 1)
        self.channels = GatewayChannels(
            self.directory,
            AnswerPipes(self.directory),
            lambda path, pipe: Channel.prepare(path, pipe, claim=claim, identity=identity),
        )

    def test_a_channel_is_kept_while_its_gateway_lives(self) -> None:
        gateways = [self.accept_channel(number) for number in (1, 2)]
        for accepted in gateways:
            self.assert_open(accepted)

    def test_the_channel_of_a_gateway_that_ended_is_closed_when_another_one_is_met(self) -> None:
        first = self.accept_channel(1)
        self.end(1)
        second = self.accept_channel(2)
        self.assert_closed(first)
        self.assert_open(second)
        self.assertIsNone(self.channels.channel(1))

    def accept_channel(self, gateway: int) -> socket.socket:
        listening = self.listen(gateway)
        channel = self.channels.channel(gateway)
        assert channel is not None
        self.addCleanup(channel.close)
        return self.accept(listening)


class TestAsgiChannels(GatewaySockets):
    def test_the_channel_of_a_gateway_that_ended_is_closed_when_another_one_is_met(self) -> None:
        async def meet() -> None:
            loop, identity = asyncio.get_running_loop(), ChannelIdentity(1, os.getpid(), 1)
            channels = GatewayChannels(
                self.directory,
                AnswerPipes(self.directory),
                lambda path, pipe: AsgiChannel.prepare(loop, path, pipe, identity=identity),
            )
            accepted = {}
            for gateway in (1, 2, 3):
                listening = self.listen(gateway)
                channel = channels.channel(gateway)
                assert channel is not None
                self.addCleanup(channel.lose, "the test is over")
                accepted[gateway] = self.accept(listening)
                if gateway == 2:
                    self.end(2)
            self.assert_closed(accepted[2])
            self.assert_open(accepted[1])
            self.assert_open(accepted[3])
            self.assertIsNone(channels.channel(2))

        asyncio.run(meet())


if __name__ == "__main__":
    unittest.main()
