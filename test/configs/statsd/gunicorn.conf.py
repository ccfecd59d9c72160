import os
import socket

statsd_host = "%s:%s" % (os.environ.get("STATSD_HOST", "localhost"), os.environ.get("STATSD_PORT", "8125"))
statsd_prefix = "shop." + os.environ.get("STAGE", "dev")
dogstatsd_tags = "team:checkout,host:" + socket.gethostname().split(".")[0]
workers = 2
