"""`gunicorn.instrument.statsd`: the logger that sends metrics, and the names that it reads from `extra`."""

from __future__ import annotations

from tunicorn.log.python_log.statsd import (
    COUNTER_TYPE,
    GAUGE_TYPE,
    HISTOGRAM_TYPE,
    METRIC_VAR,
    MTYPE_VAR,
    TIMER_TYPE,
    VALUE_VAR,
    Statsd,
)

__all__ = [
    "COUNTER_TYPE",
    "GAUGE_TYPE",
    "HISTOGRAM_TYPE",
    "METRIC_VAR",
    "MTYPE_VAR",
    "TIMER_TYPE",
    "VALUE_VAR",
    "Statsd",
]
