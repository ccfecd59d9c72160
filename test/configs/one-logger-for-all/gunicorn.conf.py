"""Everything goes through the root logger, including the server's own lines."""

import logging
import os

from gunicorn.glogging import Logger

level = logging.getLevelName(os.environ.get("LOG_LEVEL", "INFO"))
accesslog = "-"


class OneLine(logging.StreamHandler):
    def emit(self, record):
        self.stream.write("shop | %s | %s | %s\n" % (record.levelname, record.name, record.getMessage()))
        self.flush()


class RootLogger(Logger):
    def setup(self, cfg):
        root = logging.getLogger()
        root.handlers = [OneLine()]
        root.setLevel(level)
        for logger in (self.error_log, self.access_log):
            logger.handlers = []
            logger.propagate = True
            logger.setLevel(level)


logger_class = RootLogger
