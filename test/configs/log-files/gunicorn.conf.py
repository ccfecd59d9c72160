import os

here = os.path.dirname(os.path.abspath(__file__))
accesslog = os.path.join(here, "logs/access.log")
errorlog = os.path.join(here, "logs/error.log")
loglevel = "debug"
capture_output = True
access_log_format = '{"remote": "%({x-forwarded-for}i)s", "request": "%(r)s", "status": %(s)s, "bytes": %(B)s, "agent": "%(a)s"}'
