"""Gunicorn's Statsd: a Logger that counts what it logs, and sends the metrics that come with a call.

`extra={"metric": NAME, "value": NUMBER, "mtype": "gauge"}` sends one. Gateways and arbiter send the metrics of
requests and workers, so access() counts nothing here.
"""

from __future__ import annotations

import re
import socket
from typing import Any, Optional, Union

from tunicorn.log.python_log.fast_logger import FastLogger
from tunicorn.log.python_log.logger import Logger
from tunicorn.log.python_log.on_behalf import foreign_pid

METRIC_VAR = "metric"
VALUE_VAR = "value"
MTYPE_VAR = "mtype"
GAUGE_TYPE = "gauge"
COUNTER_TYPE = "counter"
HISTOGRAM_TYPE = "histogram"
TIMER_TYPE = "timer"


class Statsd(Logger):
    sock: Optional[socket.socket] = None
    prefix = ""
    dogstatsd_tags: Optional[str] = None

    def __init__(self, cfg: Any, *more: Any) -> None:
        self.prefix = re.sub(r"^(.+[^.]+)\.*$", r"\g<1>.", cfg.statsd_prefix or "")
        self.dogstatsd_tags = cfg.dogstatsd_tags
        if cfg.statsd_host:
            try:
                self.sock = _connected(cfg.statsd_host)
            except OSError:
                self.sock = None  # No server there: no metrics, as with Gunicorn.
        super().__init__(cfg, *more)

    def critical(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().critical(msg, *args, **kwargs)
        self._count("critical")

    def error(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().error(msg, *args, **kwargs)
        self._count("error")

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().warning(msg, *args, **kwargs)
        self._count("warning")

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        super().exception(msg, *args, **kwargs)
        self._count("exception")

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.log("info", msg, *args, **kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.log("debug", msg, *args, **kwargs)

    def log(self, lvl: Union[int, str], msg: Any, *args: Any, **kwargs: Any) -> None:
        extra = kwargs.get("extra") or {}
        metric, value, kind = (extra.get(name) for name in (METRIC_VAR, VALUE_VAR, MTYPE_VAR))
        if metric and value is not None and kind in _SENDERS:
            _SENDERS[kind](self, metric, value)
        # A metric without a text is not an entry.
        if msg:
            super().log(lvl, msg, *args, **kwargs)

    def gauge(self, name: str, value: float) -> None:
        self._sock_send(f"{self.prefix}{name}:{value}|g")

    def increment(self, name: str, value: float, sampling_rate: float = 1.0) -> None:
        self._sock_send(f"{self.prefix}{name}:{value}|c|@{sampling_rate}")

    def decrement(self, name: str, value: float, sampling_rate: float = 1.0) -> None:
        self._sock_send(f"{self.prefix}{name}:-{value}|c|@{sampling_rate}")

    def timer(self, name: str, value: float) -> None:
        self._sock_send(f"{self.prefix}{name}:{value}|ms")

    def histogram(self, name: str, value: float) -> None:
        self._sock_send(f"{self.prefix}{name}:{value}|h")

    def _count(self, level: str) -> None:
        # Arbiter and gateways count their own entries.
        if foreign_pid() is None:
            self.increment(f"gunicorn.log.{level}", 1)

    def _sock_send(self, msg: Union[str, bytes]) -> None:
        if self.sock is None:
            return
        metric = msg.encode("utf-8", "backslashreplace") if isinstance(msg, str) else msg
        if self.dogstatsd_tags:
            metric += f"|#{self.dogstatsd_tags}".encode()
        try:
            self.sock.send(metric)
        except OSError:
            pass  # No server is listening, or the buffer is full: metrics may be lost.


Statsd.__module__ = "gunicorn.instrument.statsd"

_SENDERS = {
    GAUGE_TYPE: Statsd.gauge,
    COUNTER_TYPE: Statsd.increment,
    HISTOGRAM_TYPE: Statsd.histogram,
    TIMER_TYPE: Statsd.timer,
}


class FastStatsd(Statsd, FastLogger):
    """Statsd on top of the logger of the default settings."""


def _connected(host: Any) -> socket.socket:
    """`host` is the path of a datagram socket, or a host and a port: a pair, or joined by a colon."""
    if isinstance(host, str) and not host.startswith(("/", "unix://")):
        name, _, port = host.rpartition(":")
        host = (name.strip("[]"), port)
    if isinstance(host, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        target: Any = host[len("unix://") :] if host.startswith("unix://") else host
    else:
        family, _, protocol, _, target = socket.getaddrinfo(host[0], int(host[1]), 0, socket.SOCK_DGRAM)[0]
        sock = socket.socket(family, socket.SOCK_DGRAM, protocol)
    sock.setblocking(False)
    sock.connect(target)
    return sock
