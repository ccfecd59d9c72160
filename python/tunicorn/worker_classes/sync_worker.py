"""A worker of class sync: takes a ticket, runs the application, answers, and takes the next."""

from __future__ import annotations

import signal

from tunicorn.worker_classes.ticket_source import TicketSource
from tunicorn.worker_classes.wsgi_runner import wsgi_runner
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.repeated_fields import RepeatedFields


def serve(context: WorkerContext) -> None:
    life = context.life
    run = wsgi_runner(context, context.slots.open(0)).run
    wait = TicketSource(context, RepeatedFields().parse).wait
    context.stacks.write_at(signal.SIGUSR2)
    context.ready()
    while life.state.takes_tickets:
        ticket = wait()
        if ticket is not None:
            run(ticket)
