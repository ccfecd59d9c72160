import logging

from gunicorn import glogging

accesslog = "-"


class NoHealthChecks(logging.Filter):
    def filter(self, record):
        return "/health" not in record.getMessage()


class QuietLogger(glogging.Logger):
    def setup(self, cfg):
        super().setup(cfg)
        logging.getLogger("gunicorn.access").addFilter(NoHealthChecks())


logger_class = QuietLogger
