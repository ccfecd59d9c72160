"""The end of a forkserver whose arbiter is gone."""

from __future__ import annotations

import select
import time

from tunicorn.forkserver.children import Children
from tunicorn.forkserver.stages import Prepared
from tunicorn.forkserver.wakeup import Wakeup
from tunicorn.process import unpatched


def outlive_arbiter(children: Children, wakeup: Wakeup, prepared: Prepared) -> None:
    """Lets the workers finish what the gateways still send them, within graceful_timeout."""
    settings = prepared.settings
    deadline = time.monotonic() + settings.graceful_timeout
    poll = unpatched.poll()
    poll.register(wakeup.reading_end, select.POLLIN)
    while len(children) > 0 and time.monotonic() < deadline:
        poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
        children.reap(prepared.host, prepared.logs)
    children.kill_all()
    import shutil

    shutil.rmtree(settings.runtime_dir, ignore_errors=True)
    shutil.rmtree(settings.spool_dir, ignore_errors=True)
