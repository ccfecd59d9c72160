# For a unit with Type=notify, ExecReload=/bin/kill -s HUP $MAINPID and RuntimeDirectory=shop.
import os

runtime = os.environ.get("RUNTIME_DIRECTORY", "/run/shop")
pidfile = os.path.join(runtime, "pid")
proc_name = "shop"
workers = 1
timeout = 30
