import os

run = os.path.abspath("run")
bind = "unix:%s/shop.sock" % run
pidfile = run + "/shop.pid"
# The socket is only for nginx, which is in the same group.
umask = 0o117
worker_tmp_dir = run
proxy_allow_ips = "*"
forwarded_allow_ips = "*"
