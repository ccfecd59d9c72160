import logging

workers = 2
accesslog = "-"


class NoHealthChecks(logging.Filter):
    def filter(self, record):
        return "/health" not in record.getMessage()


def on_starting(server):
    logging.getLogger("gunicorn.access").addFilter(NoHealthChecks())
