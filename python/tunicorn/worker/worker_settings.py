"""What the arbiter tells a generation about itself: settings by their names, and where things are."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Optional


class WorkerSettings(NamedTuple):
    app: str
    generation: int
    runtime_dir: str
    spool_dir: str
    tickets_path: str
    lifeline_path: str
    chdir: str
    pythonpath: List[str]
    env: Dict[str, str]
    server_software: str
    preload_app: bool
    worker_class: str
    slots: int
    multiprocess: bool
    max_requests: int
    max_requests_jitter: int
    graceful_timeout: int
    errorlog: str
    loglevel: str
    proc_name: str
    user_id: int
    group_id: int
    init_group_id: Optional[int]
