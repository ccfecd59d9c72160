import os

syslog = True
syslog_addr = "udp://" + os.environ["SYSLOG"]
syslog_prefix = "shop"
syslog_facility = "local3"
accesslog = None
