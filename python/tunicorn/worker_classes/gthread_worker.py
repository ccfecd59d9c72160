"""A worker of class gthread: each of its threads takes a ticket when it is idle, so that no request waits behind a busy
thread while another is free. Called by worker.py when the worker has booted.

One idle thread at a time waits on the pipe; it takes a ticket and lets the next one wait before it runs the request. A
thread in a blocking read could not be woken by a signal, so it waits with epoll on the pipe and a descriptor of ours.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import List, Optional

from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import KIND_PROBE, TICKET_BYTES, Ticket, TicketError, decode
from tunicorn.runqueue.ticket_wait import TicketLine
from tunicorn.worker import forked_copy
from tunicorn.worker.worker_duty import Duty
from tunicorn.worker.worker_signals import write_stacks_at

# The one worker that a ticket has woken may not get to take it: another of its threads may be in C code that lets none
# of the others run. So everybody looks now and then.
_LOOK_AGAIN_SECONDS = 0.1


def serve(duty: Duty) -> None:
    write_stacks_at(signal.SIGUSR2)
    taker = TicketTaker(duty)
    duty.life.wake = taker.wake
    if duty.life.leaving:
        taker.wake()
    threads = [
        threading.Thread(target=_run, args=(duty, taker, number), name=f"tunicorn-{number}", daemon=True)
        for number in range(len(duty.places))
    ]
    for thread in threads:
        thread.start()
    duty.ready()
    # The main thread is for signals: a handler runs while it waits here.
    for thread in threads:
        thread.join()


def _run(duty: Duty, taker: TicketTaker, number: int) -> None:
    try:
        place = duty.places.open(number, threading.get_ident())
        run = duty.runner(place).run
        while True:
            ticket = taker.take()
            if ticket is None:
                return
            try:
                run(ticket)
            except (SystemExit, KeyboardInterrupt):
                # Of a thread, sys.exit() ends nothing but this request, as with Gunicorn.
                pass
    except BaseException:
        duty.log.exception("Exception in worker process")
        os._exit(255)


class TicketTaker:
    """Takes tickets for all threads of a worker, one thread at a time."""

    def __init__(self, duty: Duty) -> None:
        self._duty = duty
        self._fd = duty.tickets_fd
        self._turn = threading.Lock()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._line = TicketLine(self._fd)
        self._line.wake_by(self._wake_read)
        forked_copy.keep_reading_end(lambda: [self._wake_read, self._line.fileno()])
        forked_copy.keep_writing_end(lambda: [self._wake_write])
        self._is_over = False
        self._buffer = bytearray(TICKET_BYTES)
        self._views: List[bytearray] = [self._buffer]

    def wake(self) -> None:
        """For a signal handler: whoever waits for a ticket looks whether the worker is to leave."""
        try:
            os.write(self._wake_write, b"!")
        except BlockingIOError:
            pass  # So many bytes are there that somebody will wake.

    def take(self) -> Optional[Ticket]:
        """Waits for its turn, and then for a ticket; None when there will be no more."""
        with self._turn:
            while not self._is_over and not self._duty.life.leaving:
                self._line.wait(_LOOK_AGAIN_SECONDS)
                if self._duty.life.leaving:
                    break
                try:
                    taken = os.readv(self._fd, self._views)
                except BlockingIOError:
                    continue
                if taken == 0:
                    self._is_over = True
                    self._duty.report({"type": "drained"})
                    break
                self._line.go_to_end()
                if FAULT is not None:
                    FAULT("after-take")
                try:
                    ticket = decode(self._buffer)
                except TicketError as error:
                    self._duty.log.error(f"Malformed ticket: {error}")
                    continue
                took = self._duty.took
                if took is not None and ticket.kind != KIND_PROBE and took():
                    self._is_over = True
                return ticket
        return None
