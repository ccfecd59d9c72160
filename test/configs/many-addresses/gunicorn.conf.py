import os

port = int(os.environ["FIRST_PORT"])
bind = ["127.0.0.1:%d" % port, "127.0.0.1:%d" % (port + 1), "unix:admin.sock"]
backlog = 64
