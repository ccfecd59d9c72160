from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from enum import Enum, IntEnum


class Level(str, Enum):
    DEBUG = "debug"
    INFO = "info"


class Size(IntEnum):
    SMALL = 1
    MEDIUM = 2


@dataclass(frozen=True)
class Server:
    workers: int = Size.MEDIUM
    loglevel: str = Level.DEBUG
    proc_name: str = "shop-" + os.getenv("STAGE", "dev")
    raw_env: list[str] = field(default_factory=lambda: ["STAGE=" + os.getenv("STAGE", "dev")])
    limit_request_fields: int = 50


globals().update(asdict(Server()))
