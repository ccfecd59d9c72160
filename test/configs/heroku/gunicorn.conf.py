import os
from pathlib import Path

bind = "0.0.0.0:{}".format(os.environ.get("PORT", 5000))
workers = int(os.environ.get("WEB_CONCURRENCY", 1))
forwarded_allow_ips = "*"


def when_ready(server):
    # The web server in front opens its port when it sees this file.
    Path(os.environ["MARKS"], "app-initialized").touch()
