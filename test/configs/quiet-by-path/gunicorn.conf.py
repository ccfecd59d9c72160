accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s'
logger_class = "quiet.Logger"
