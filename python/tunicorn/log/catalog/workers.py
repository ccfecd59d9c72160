"""Messages about workers and about the application that they load."""

from __future__ import annotations

from tunicorn.log.catalog import Message

AREA = "Workers"

BOOTING = Message(
    "info",
    "Booting worker with pid: {pid}",
    cause="A worker process was forked and is about to load the application.",
    remedy="Nothing.",
    is_gunicorns=True,
)

EXITING = Message(
    "info",
    "Worker exiting (pid: {pid})",
    cause="The worker has finished its requests, or was ended, and runs its exit hooks.",
    remedy="Nothing.",
    is_gunicorns=True,
)

AUTORESTARTING = Message(
    "info",
    "Autorestarting worker after current request.",
    cause="The worker has taken `max_requests` requests.",
    remedy="Nothing: another worker takes its place.",
    is_gunicorns=True,
)

EXCEPTION = Message(
    "error",
    "Exception in worker process",
    cause="The application, or a hook of the worker, raised an exception outside of a request. The traceback follows.",
    remedy="Fix what the last line of the traceback names.",
    is_gunicorns=True,
)

EXIT_EXCEPTION = Message(
    "warning",
    "Exception during worker exit:\n{traceback}",
    cause="The hook `worker_exit` raised an exception.",
    remedy="Fix the hook. The worker ended all the same.",
    is_gunicorns=True,
)

NOT_ENDED = Message(
    "warning",
    "Worker (pid: {pid}) has not ended yet: waiting for {what}",
    cause="Python waits for non-daemon threads, child processes and exit handlers before a process ends.",
    remedy="End the thread or process in `worker_exit`, or make it a daemon. "
    "After `graceful_timeout` the arbiter kills the worker.",
)

APP_NOT_LOADED = Message(
    "error",
    "Failed to load the application: {reason}",
    cause="The name of the application (`MODULE:ATTRIBUTE`) leads to nothing that can be called.",
    remedy="Correct the name on the command line or in `wsgi_app`.",
)

APP_RAISED = Message(
    "error",
    "Exception while loading the application\n{traceback}",
    cause="With `reload`, the application raised an exception while it was being imported. Browsers see the traceback.",
    remedy="Fix what the last line of the traceback names: saving the file loads the application again.",
)

APP_EXITED = Message(
    "error",
    "The application called sys.exit({code}) {where}",
    cause="The application, or a hook, ended the process during the boot of a worker.",
    remedy="Raise an exception instead, which also logs a traceback.",
)

START_FAILED = Message(
    "error",
    "The application failed to start up: {reason}",
    cause="The application reported a failure at its lifespan start-up, or failed a request of `warm_up`.",
    remedy="Fix what the message of the application names.",
)

START_RAISED = Message(
    "error",
    "The application failed to start up:\n{traceback}",
    cause="The application reported a failure at its lifespan start-up, or failed a request of `warm_up`.",
    remedy="Fix what the last line of the traceback names.",
)

NOT_SERVED = Message(
    "error",
    "{worker_class}.init_process() returned without calling super().init_process(), which serves requests",
    cause="A worker class of your own overrides `init_process` and does not call the method that it overrides.",
    remedy="Call `super().init_process()` at the end of the method.",
)

IDLE_OVERRIDES = Message(
    "warning",
    "Worker class {worker_class} overrides attributes that have no effect here: {names}. Tunicorn's own worker runs "
    "requests; see docs/worker-classes.md",
    cause="The worker class overrides methods or settings of Gunicorn's or uvicorn's workers that are never used.",
    remedy="Remove the overrides, or do the same in a hook.",
)

TERM_HANDLER_RAISED = Message(
    "error",
    "Exception in the application's SIGTERM handler",
    cause="The application has set its own handler for SIGTERM, and that raised an exception. The traceback follows.",
    remedy="Fix the handler. The worker finishes its requests and leaves all the same.",
)

MALFORMED_TICKET = Message(
    "error",
    "Malformed ticket: {reason}",
    cause="A worker read a ticket that it cannot decode.",
    remedy="Report this as a bug. The client gets no answer from this worker.",
)

MALFORMED_REPORT = Message(
    "error",
    "Malformed report from a worker: {line}",
    cause="The application wrote to a file descriptor that is not its own: the one for the worker's reports.",
    remedy="Look for code that closes or reuses file descriptors that it did not open.",
)

ILLEGAL_MOVE = Message(
    "error",
    "Illegal state change: {what}",
    cause="An event came in a state that does not allow it: a bug in Tunicorn. The state stays as it was.",
    remedy="Report it, with the lines of the log before it.",
)

PRELOAD_THREADS = Message(
    "warning",
    "Preloading started threads that will not exist in the workers, and that may hold a lock at the fork: {threads}",
    cause="With `preload_app`, importing the application starts threads. A fork copies only the thread that forks.",
    remedy="Start the threads in `post_fork` or at the first request.",
)

UVLOOP_MISSING = Message(
    "warning",
    "uvloop is not installed (pip install uvloop); using asyncio's event loop",
    cause="`asgi_loop` is `uvloop`, which cannot be imported.",
    remedy="Install uvloop, or set `asgi_loop` to `auto` or `asyncio`.",
)

NO_LIFESPAN = Message(
    "info",
    "The application does not support lifespan: {error}",
    cause="With `asgi_lifespan = auto`, the application raised an exception before it answered the start-up event.",
    remedy="Nothing, if the application uses no lifespan. Set `asgi_lifespan` to `on` to make this a failure.",
)

LIFESPAN_WANTED = Message(
    "error",
    "asgi_lifespan is on, but the application raised an exception instead of starting up",
    cause="The application does not support lifespan, or its start-up failed. The exception is logged next.",
    remedy="Fix the start-up, or set `asgi_lifespan` to `auto`.",
)

LIFESPAN_RAISED = Message(
    "error",
    "Exception in the application's lifespan",
    cause="The application's lifespan raised an exception after its start-up. The traceback follows.",
    remedy="Fix what the last line of the traceback names. Requests are served meanwhile.",
)

SHUTDOWN_LATE = Message(
    "warning",
    "The application's lifespan did not shut down within {seconds} s",
    cause="The application did not answer the shutdown event in time.",
    remedy="Make its shutdown quicker, or raise `graceful_timeout`.",
)

SHUTDOWN_FAILED = Message(
    "error",
    "The application's lifespan failed to shut down: {reason}",
    cause="The application answered the shutdown event with `lifespan.shutdown.failed`.",
    remedy="Fix what the message of the application names.",
)
