import os

run = os.path.abspath("run")
bind = "unix:%s/shop.sock" % run
pidfile = run + "/shop.pid"
# The socket is for the server in front, which is in the same group, and for nobody else.
umask = 0o117
worker_tmp_dir = run
proxy_allow_ips = "*"
forwarded_allow_ips = "*"
