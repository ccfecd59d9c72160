"""A worker of class sync: takes a ticket, runs the application, answers on its channel, and takes the next.

Called by worker.py when the worker has booted. It ends at end-of-file on the pipe (its generation is drained) or when
it is told to leave.
"""

from __future__ import annotations

import os
import signal

from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import KIND_PROBE, TICKET_BYTES, TicketError, decode
from tunicorn.worker.worker_duty import Duty
from tunicorn.worker.worker_signals import Leave, write_stacks_at


def serve(duty: Duty) -> None:
    life, log, took = duty.life, duty.log, duty.took
    place = duty.places.open(0)
    tickets_fd = duty.tickets_fd
    buffer = bytearray(TICKET_BYTES)
    length = memoryview(buffer)[:4].cast("I")
    views = [buffer]
    readv = os.readv
    run = duty.runner(place).run
    write_stacks_at(signal.SIGUSR2)
    duty.ready()
    while not life.leaving:
        length[0] = 0
        try:
            life.waiting = True
            if life.leaving:
                return
            taken = readv(tickets_fd, views)
            life.waiting = False
        except Leave:
            # The kernel may have handed over a ticket before the handler raised.
            taken = length[0]
        if taken == 0:
            if not life.leaving:
                duty.report({"type": "drained"})
            return
        if FAULT is not None:
            FAULT("after-take")
        try:
            ticket = decode(buffer)
        except TicketError as error:
            log.error(f"Malformed ticket: {error}")
            continue
        is_last = took is not None and ticket.kind != KIND_PROBE and took()
        run(ticket)
        if is_last:
            return
