"""Messages about hooks and the `server` object that they get."""

from __future__ import annotations

from tunicorn.log.catalog import Message

AREA = "Hooks"

RAISED = Message(
    "error",
    "Exception in {hook} hook",
    cause="A hook of the configuration file raised an exception where that changes nothing. The traceback follows.",
    remedy="Fix the hook.",
    is_gunicorns=True,
)

SIGNAL_HANDLER_RAISED = Message(
    "error",
    "Exception in the {signal} handler that a hook set",
    cause="A hook set a handler for this signal, and the handler raised an exception. The traceback follows.",
    remedy="Fix the handler. The server acts on the signal all the same.",
)

STATE_NOT_RESTORED = Message(
    "warning",
    "The new code cannot restore these attributes of the server object: {names}",
    cause="After a reload, objects that hooks had stored on `server` do not fit the new code, such as a renamed class.",
    remedy="Store plain values, or set the attributes again in `on_reload`.",
)

STATE_NOT_KEPT = Message(
    "warning",
    "A reload cannot keep these attributes of the server object, which cannot be pickled: {names}",
    cause="Hooks stored objects on `server` that cannot move to another process, such as locks or connections.",
    remedy="Set the attributes again in `on_reload`, or store values that can be pickled.",
)
