"""Log lines of the arbiter and the gateways, for configurations in which Python's loggers write them."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, Union

from tunicorn.forkserver.arbiter_link import ArbiterLink
from tunicorn.forkserver.stages import Stage, with_hooks
from tunicorn.log.python_log import relayed
from tunicorn.process import unpatched
from tunicorn.wsgi.request_object import Request

if TYPE_CHECKING:
    from tunicorn.link.messages import RelayedAccess, RelayedLine

LAST_LINES_MS = 1000


class RelayedLines:
    def __init__(self) -> None:
        self._count = 0

    def write(self, message: Union[RelayedLine, RelayedAccess], stage: Stage) -> None:
        found = with_hooks(stage, "a relayed line")
        self._count += 1
        if message["type"] == "log":
            relayed.log_relayed(found.logs.logger, message)
        else:
            config = found.host.config
            relayed.access_relayed(found.logs.logger, lambda environ: Request(environ, config), message)

    def write_last(self, link: ArbiterLink, stage: Stage) -> None:
        """At the end, writes lines that are still on their way, until the arbiter closes its half of the link."""
        if self._count == 0:
            return
        link.finish()
        poll = unpatched.poll()
        poll.register(link.fileno(), select.POLLIN)
        while link.is_open and poll.poll(LAST_LINES_MS):
            for message in link.receive():
                if message["type"] == "log" or message["type"] == "access":
                    self.write(message, stage)
