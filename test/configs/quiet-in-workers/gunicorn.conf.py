import logging

bind = ["0.0.0.0:8080"]
workers = 1
accesslog = "-"
access_log_format = '%({x-forwarded-for}i)s %(l)s %(t)s "%(r)s" %(s)s %(b)s'


class NoHealthChecks(logging.Filter):
    def filter(self, record):
        return record.args["U"] != "/health"


def post_fork(server, worker):
    logging.getLogger("gunicorn.access").addFilter(NoHealthChecks())
