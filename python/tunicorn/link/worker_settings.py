"""The settings of a generation, by name, and the paths that it uses."""

from __future__ import annotations

from typing import NamedTuple, Optional


class WorkerSettings(NamedTuple):
    generation: int
    runtime_dir: str
    spool_dir: str
    tickets_path: str
    lifeline_path: str
    server_software: str
    preload_app: bool
    worker_class: str
    slots: int
    multiprocess: bool
    graceful_timeout: int
    proc_name: str
    user_id: int
    group_id: int
    init_group_id: Optional[int]
