"""The messages between arbiter and forkserver, as src/messages/ also declares them: JSON, one message per line.

test/vectors/link.json has messages of every type, which the tests of both languages check. Only for the type checker:
creating these classes would slow down the start of a process.
"""

from __future__ import annotations

from typing import Any, Dict, List, Literal, Mapping, Optional, TypedDict, Union

# From the arbiter


class CommandLineClass(TypedDict):
    """The parts of the command line about the worker class and the location of its module."""

    given: Optional[str]
    chdir: Optional[str]
    pythonpath: Optional[str]
    known: List[str]


class AccountNames(TypedDict):
    users: List[str]
    groups: List[str]


class Configure(TypedDict):
    type: Literal["configure"]
    config: Optional[str]
    worker_class: CommandLineClass
    accounts: AccountNames


class StartContext(TypedDict):
    cwd: str
    args: List[str]


class ListenerFacts(TypedDict):
    label: str
    bind: str


class WorkerFacts(TypedDict):
    pid: int
    age: int


class ServerFacts(TypedDict):
    """The facts that the `server` of hooks has."""

    pid: int
    app: str
    server_software: str
    proc_name: str
    worker_class: str
    errorlog: str
    workers: Optional[int]
    worker_age: int
    master_pid: int
    reexec_pid: int
    start: StartContext
    pidfile: Optional[str]
    listeners: List[ListenerFacts]
    elsewhere: List[WorkerFacts]
    state: str


class Settle(TypedDict):
    type: Literal["settle"]
    logs: Literal["open", "leave"]
    log_writer: Literal["node", "python"]
    settings: Dict[str, Any]
    server: ServerFacts


class Check(TypedDict):
    type: Literal["check"]


class Prepare(TypedDict):
    """The settings are the fields of WorkerSettings."""

    type: Literal["prepare"]
    settings: Dict[str, Any]


class ForkWorker(TypedDict):
    type: Literal["fork"]
    slot: int
    age: int
    gateways: List[int]


class SignalWorker(TypedDict):
    type: Literal["signal"]
    pid: int
    signal: int


class Bare(TypedDict):
    type: Literal["reopen-logs", "leave"]


class BareAboutHooks(TypedDict):
    type: Literal["pack-state", "release-handlers"]


class RelayedLine(TypedDict):
    type: Literal["log"]
    level: Literal["debug", "info", "warning", "error", "critical"]
    message: str
    pid: int


class RelayedAccess(TypedDict):
    type: Literal["access"]
    fields: str
    status: Optional[int]
    bodyBytes: int
    responseHead: str
    durationUs: int
    queuedMs: int
    end: str
    pid: int


class CallHook(TypedDict):
    type: Literal["hook"]
    hook: Literal["on_starting", "on_reload", "when_ready", "pre_exec", "on_exit"]


class CallWorkersChanged(TypedDict):
    type: Literal["hook"]
    hook: Literal["nworkers_changed"]
    new: int
    old: Optional[int]


class Facts(TypedDict):
    """The ServerFacts that have changed."""

    type: Literal["facts"]
    facts: Mapping[str, Any]


class CallHandler(TypedDict):
    type: Literal["call-handler"]
    signal: str


AStep = Union[Configure, Settle, Check, Prepare]
AboutHooks = Union[CallHook, CallWorkersChanged, Facts, CallHandler, BareAboutHooks]
ToForkserver = Union[AStep, AboutHooks, ForkWorker, SignalWorker, Bare, RelayedLine, RelayedAccess]

# From a worker, forwarded by its forkserver: each with the worker's pid


class LifeReport(TypedDict):
    type: Literal["ready", "spent", "exiting", "drained"]


class WorkerSays(LifeReport):
    pid: int


class BootFailedReport(TypedDict):
    type: Literal["boot-failed"]
    code: int
    message: str


class BootFailed(BootFailedReport):
    pid: int


class _SuccessorReport(TypedDict):
    type: Literal["wants-successor"]


class SuccessorReport(_SuccessorReport, total=False):
    soon: bool


class WantsSuccessor(SuccessorReport):
    pid: int


class LoadedReport(TypedDict):
    type: Literal["loaded"]
    files: List[str]


class Loaded(LoadedReport):
    pid: int


WorkerReport = Union[LifeReport, BootFailedReport, SuccessorReport, LoadedReport]
ForwardedReport = Union[WorkerSays, BootFailed, WantsSuccessor, Loaded]

# From the forkserver


class OwnWorkerClass(TypedDict):
    bases: List[str]
    settings: Dict[str, Any]
    error: Optional[str]


class KnownUser(TypedDict):
    id: int
    group_id: Optional[int]


class KnownAccounts(TypedDict):
    users: Mapping[str, Optional[KnownUser]]
    groups: Mapping[str, Optional[int]]


class ServerNames(TypedDict):
    """The names for responses and the environ; None if the usual name was not changed."""

    server: Optional[str]
    server_software: Optional[str]
    server_warning: Optional[str]


class Configured(ServerNames):
    type: Literal["configured"]
    python: List[int]
    worker_class: Optional[OwnWorkerClass]
    accounts: KnownAccounts
    path: Optional[str]
    values: Mapping[str, Any]
    framework: Mapping[str, Any]
    overrides: Mapping[str, Any]


class ExtraFilesFound(TypedDict):
    type: Literal["extra-files"]
    entry: str
    files: List[str]
    whole: bool


class Settled(TypedDict):
    type: Literal["settled"]
    hooks: List[str]


class Checked(TypedDict):
    type: Literal["checked"]


class Prepared(TypedDict):
    type: Literal["prepared"]
    capacity: int


Step = Literal["configure", "settle", "load"]


class Failed(TypedDict):
    type: Literal["failed"]
    step: Step
    code: int
    message: str
    traceback: str


PassedSignal = Literal["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGTTIN", "SIGTTOU", "SIGUSR1", "SIGUSR2"]


class Signalled(TypedDict):
    type: Literal["signalled"]
    signal: PassedSignal
    at_ms: float


class Forked(TypedDict):
    type: Literal["forked"]
    slot: int
    pid: int


class NotForked(TypedDict):
    type: Literal["not-forked"]
    slot: int


class Exited(TypedDict):
    type: Literal["exited"]
    pid: int
    slot: int
    code: Optional[int]
    signal: Optional[int]


class HookFailure(TypedDict):
    message: str
    traceback: str
    code: Optional[int]


class HookDone(TypedDict):
    type: Literal["hook-done"]
    hook: str
    failure: Optional[HookFailure]


class State(TypedDict):
    type: Literal["state"]
    state: str


class Handles(TypedDict):
    type: Literal["handles"]
    signal: str


class Lingers(TypedDict):
    type: Literal["lingers"]
    threads: List[str]
    handled: List[str]


class AskToKill(TypedDict):
    type: Literal["ask"]
    what: Literal["kill-worker"]
    pid: int
    signal: int


class AskToResize(TypedDict):
    type: Literal["ask"]
    what: Literal["resize"]
    workers: int


class AskToStop(TypedDict):
    type: Literal["ask"]
    what: Literal["stop"]
    graceful: bool


class Ask(TypedDict):
    type: Literal["ask"]
    what: Literal["manage", "reload"]


AnyAsk = Union[AskToKill, AskToResize, AskToStop, Ask]

FromForkserver = Union[
    Configured,
    Settled,
    Checked,
    Prepared,
    Failed,
    Signalled,
    Forked,
    NotForked,
    WorkerSays,
    BootFailed,
    WantsSuccessor,
    Loaded,
    ExtraFilesFound,
    Exited,
    HookDone,
    State,
    Handles,
    Lingers,
    AskToKill,
    AskToResize,
    AskToStop,
    Ask,
]
