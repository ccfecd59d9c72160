"""A worker of class gthread: each thread takes a ticket when it is idle, so no request waits for a busy thread while
another is free.

One idle thread at a time waits on the pipe. It takes a ticket and lets the next thread wait before it runs the request,
unless requests are so short that waking the next thread takes longer (`ticket_turn.py`).
A signal could not wake a thread in a blocking read, so the thread waits with epoll on the pipe and a wake-up pipe.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Optional

from tunicorn.log.catalog import say_exception, workers
from tunicorn.process import forked_copy
from tunicorn.runqueue.ticket import Ticket
from tunicorn.runqueue.ticket_wait import TicketWait
from tunicorn.worker_classes.ticket_source import TicketSource
from tunicorn.worker_classes.ticket_turn import TicketTurn
from tunicorn.worker_classes.wsgi_runner import wsgi_runner
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.repeated_fields import RepeatedFields

# The worker that a ticket has woken may be unable to take it: another of its threads may be in C code that holds the
# GIL. So all workers check the pipe periodically.
_LOOK_AGAIN_SECONDS = 0.1
# A thread that runs one short request after another moves to the end of the kernel's queue only now and then.
_TICKETS_IN_FRONT = 16


def serve(context: WorkerContext) -> None:
    context.stacks.write_at(signal.SIGUSR2)
    taker = TicketTaker(context)
    context.signals.wake = taker.wake
    if not context.life.state.takes_tickets:
        taker.wake()
    threads = [
        threading.Thread(target=_run, args=(context, taker, number), name=f"tunicorn-{number}", daemon=True)
        for number in range(len(context.slots))
    ]
    # Before any thread takes a ticket: the arbiter may kill a worker that it takes for one that is still booting.
    context.ready()
    for thread in threads:
        thread.start()
    # The main thread handles signals: handlers run while it waits here.
    for thread in threads:
        thread.join()


def _run(context: WorkerContext, taker: TicketTaker, number: int) -> None:
    try:
        run = wsgi_runner(context, context.slots.open(number, threading.get_ident())).run
        while True:
            ticket = taker.take()
            if ticket is None:
                return
            try:
                run(ticket)
            except (SystemExit, KeyboardInterrupt):
                # sys.exit() in a thread ends only this request, as in Gunicorn.
                pass
    except BaseException:
        say_exception(context.log, workers.EXCEPTION)
        os._exit(255)


class TicketTaker:
    """Takes tickets for all threads of a worker, one thread at a time."""

    def __init__(self, context: WorkerContext) -> None:
        self._life = context.life
        self._source = TicketSource(context, RepeatedFields().parse)
        self._turn = TicketTurn()
        self._taken = 0
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._ticket_wait = TicketWait(context.tickets_fd)
        self._ticket_wait.wake_by(self._wake_read)
        forked_copy.keep_reading_end(lambda: [self._wake_read, self._ticket_wait.fileno()])
        forked_copy.keep_writing_end(lambda: [self._wake_write])

    def wake(self) -> None:
        """Safe in a signal handler: makes the waiting thread check whether the worker is to leave."""
        try:
            os.write(self._wake_write, b"!")
        except BlockingIOError:
            pass  # The pipe is full of wake-up bytes already; one is enough.

    def take(self) -> Optional[Ticket]:
        """Waits for its turn, then for a ticket. None when there will be no more."""
        turn = self._turn
        has_kept = turn.wait()
        ticket = None
        try:
            ticket = self._next_ticket(has_kept)
        finally:
            if ticket is None:
                turn.give_up()
        if ticket is not None:
            turn.pass_or_keep()
        return ticket

    def _next_ticket(self, at_once: bool) -> Optional[Ticket]:
        """With `at_once`, takes a ticket that is there already without waiting on the pipe."""
        life, ticket_wait = self._life, self._ticket_wait
        waits = not at_once
        while life.state.takes_tickets:
            if waits:
                ticket_wait.wait(_LOOK_AGAIN_SECONDS)
                if not life.state.takes_tickets:
                    break
            ticket = self._source.take()
            if ticket is not None:
                self._taken += 1
                if not at_once or self._taken % _TICKETS_IN_FRONT == 0:
                    ticket_wait.go_to_end()
                return ticket
            waits = True
        return None
