from .base import *  # noqa: F403
from .base import raw_env

workers = 2
proc_name = "shop-production"
raw_env = raw_env + ["STAGE=production"]
