"""Runs one ticket: claim, check, ask, call the application, answer, close, release. Because of this order, the gateway
can queue the ticket of a dead worker again without running a request twice: see "Order of writes" in RUNQUEUE.md.
"""

from __future__ import annotations

from io import BytesIO
from time import monotonic_ns
from typing import Any, Callable

from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_frame import UNACKNOWLEDGED_BYTES
from tunicorn.channels.channel_socket import ChannelLost
from tunicorn.channels.client_gone import ClientGone
from tunicorn.log.catalog import requests, say, say_exception
from tunicorn.log.log_protocol import Log
from tunicorn.log.tracebacks import drop_own_frames
from tunicorn.runqueue.claim_slot import ClaimSlot
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import FOLLOWS, KIND_PROBE, RAW_PATH, STREAMED, UPGRADE, Ticket, TicketError, parse_fields
from tunicorn.wsgi.buffered_errors import BufferedErrors
from tunicorn.wsgi.environ import SPOOL_FIELD, request_environ
from tunicorn.wsgi.response import Response
from tunicorn.wsgi.response_phase import GONE, TAKEN_OVER
from tunicorn.wsgi.tunnel_socket import TunnelSocket

Application = Callable[[dict[str, Any], Any], Any]


class RequestCancelled(BaseException):
    """Raised in the application by a worker that gives up a request, and has logged that itself."""


class WorkerEnded(SystemExit):
    """Raised by a signal that ends the worker immediately; it does not come from the application."""


class RequestRunner:
    """`channel` returns the channel to a gateway by its number: a new one if the last one was lost (`Channel.is_lost`),
    None if the gateway is gone. `errors` is the environ's stream `wsgi.errors`.
    """

    def __init__(
        self,
        *,
        app: Application,
        base_environ: dict[str, Any],
        channel: Callable[[int], Channel | None],
        claim: ClaimSlot,
        errors: BufferedErrors,
        log: Log,
    ) -> None:
        self._channel_of = channel
        self._claim = claim
        self._app = app
        self._base_environ = base_environ
        self._errors = errors
        self._log = log

    def run(self, ticket: Ticket) -> None:
        """Raises only SystemExit and KeyboardInterrupt, which the application or a signal handler raised."""
        leaving: BaseException | None = None
        claim = self._claim
        if ticket.kind != KIND_PROBE:
            claim.claim(ticket.id, ticket.gateway, monotonic_ns())
            if FAULT is not None:
                FAULT("after-claim")
        try:
            leaving = self._answer(ticket)
        except ChannelLost as lost:
            say(self._log, requests.CHANNEL_LOST, gateway=ticket.gateway, ticket=ticket.id, reason=lost)
        # Not in a `finally`: an exception that skips this line ends the worker before it has sent END, and then the
        # claim must stay on the board. The unclaimed ticket of a dead worker is queued again: this one would run twice.
        claim.release()
        if FAULT is not None:
            FAULT("after-release")
        if leaving is not None:
            raise leaving

    def _answer(self, ticket: Ticket) -> BaseException | None:
        kind, flags, ticket_id, gateway, cancel, fields_length, body_length, fields, body, waited_ms = ticket
        channel = self._channel_of(gateway)
        if channel is None:
            # When a gateway ends, so do its clients' connections: no client is waiting, so the ticket is not run.
            say(self._log, requests.GATEWAY_LEFT, gateway=gateway, ticket=ticket_id)
            return None
        if kind == KIND_PROBE:
            channel.probed(ticket_id)
            return None
        tunnel: TunnelSocket | None = None
        try:
            if self._claim.has_left(cancel, ticket_id):
                channel.skip(ticket_id)
                return None
            if flags & FOLLOWS:
                answer = channel.ask(ticket_id, fields_length, body_length)
                if FAULT is not None:
                    FAULT("after-ask")
                if answer is None:
                    channel.skip(ticket_id)
                    return None
                fields = parse_fields(answer[0])
                body = answer[1]
            if flags & STREAMED:
                # The request was queued for an ASGI worker, before a reload changed the class.
                whole = BytesIO()
                if not channel.receive_body(ticket_id, whole.write):
                    channel.skip(ticket_id)
                    return None
                body = whole.getvalue()
            method = fields.get("REQUEST_METHOD", "")
            response = Response(channel, self._claim, self._log, ticket_id, cancel, method)
            environ = request_environ(self._base_environ, fields, body, flags & RAW_PATH)
            # Bound to this request: an application that calls them too late must not affect the next request.
            environ["wsgi.early_hints"] = response.early_hints
            environ["tunicorn.client_disconnected"] = response.client_disconnected
            environ["tunicorn.queue_time"] = waited_ms / 1000
            if flags & UPGRADE:
                response.may_upgrade = True
                tunnel = environ["gunicorn.socket"] = TunnelSocket(response.take_over)
        except TicketError as error:
            say(self._log, requests.MALFORMED_TICKET, ticket=ticket_id, gateway=gateway, reason=error)
            Response(channel, self._claim, self._log, ticket_id, cancel, "").fail()
            return None
        except ChannelLost:
            raise
        except OSError as error:
            # The gateway removes the spooled body when the client has left.
            if self._claim.has_left(cancel, ticket_id):
                channel.skip(ticket_id)
            else:
                say(self._log, requests.SPOOL_NOT_OPENED, request=_name_of(fields), reason=error)
                response.fail()
            return None
        body_file = environ["wsgi.input"]
        result = None
        leaving: BaseException | None = None
        if FAULT is not None:
            FAULT("in-app")
        try:
            result = self._app(environ, response.start_response)
            response.send(result)
        except BaseException as error:
            leaving = self._failed(error, response, fields)
        # A list or a tuple has no `close`, and looking for a missing attribute is slow.
        if result.__class__ is not list and result.__class__ is not tuple:
            close = getattr(result, "close", None)
            if close is not None:
                try:
                    close()
                except BaseException as error:
                    leaving = self._failed(error, response, fields) or leaving
        if tunnel is not None:
            tunnel.end()
        if self._errors.unflushed:
            self._errors.flush()
        if response.phase is GONE:
            say(self._log, requests.CLIENT_LEFT, request=_name_of(fields))
        if SPOOL_FIELD in fields:
            body_file.close()
        if response.passed_bytes > UNACKNOWLEDGED_BYTES and not channel.is_lost:
            try:
                channel.await_taken(ticket_id)
            except ChannelLost:
                # END is sent, so the request is over either way; an exception that ends the worker takes precedence.
                if leaving is None:
                    raise
        if leaving is not None and not response.phase.is_over:
            raise leaving
        return leaving

    def _failed(self, error: BaseException, response: Response, fields: dict[str, str]) -> BaseException | None:
        """Answers for the application, inside the `except` that caught `error`. Returns the error if it ends the
        worker.
        """
        if isinstance(error, ClientGone) or (response.phase is TAKEN_OVER and isinstance(error, StopIteration)):
            # Flask-Sock raises StopIteration to say that there is no response.
            return None
        try:
            if isinstance(error, RequestCancelled):
                response.fail()
                return None
            if isinstance(error, ChannelLost):
                raise error
            if isinstance(error, WorkerEnded):
                # The claim stays on the board: the gateway answers, and the arbiter logs where the request was.
                return error
            drop_own_frames(error)
            say_exception(self._log, requests.FAILED, request=_name_of(fields))
            response.fail()
        except ChannelLost as lost:
            say(self._log, requests.CHANNEL_LOST_AT_FAILURE, request=_name_of(fields), reason=lost)
        return error if isinstance(error, (SystemExit, KeyboardInterrupt)) else None


def _name_of(fields: dict[str, str]) -> str:
    return f"{fields.get('REQUEST_METHOD', '')} {fields.get('RAW_URI', fields.get('PATH_INFO', '(no URI)'))}"
