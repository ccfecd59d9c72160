"""A logging dict with classes and streams as objects instead of names."""

import logging
import sys


class NoHealthChecks(logging.Filter):
    def filter(self, record):
        return "/health" not in record.getMessage()


class Tagged(logging.Formatter):
    def format(self, record):
        return "shop/%s %s" % (record.name.rpartition(".")[2], record.getMessage())


logconfig_dict = {
    "version": 1,
    "filters": {"health": {"()": NoHealthChecks}},
    "formatters": {"tagged": {"()": Tagged}},
    "handlers": {
        "out": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "tagged", "filters": ["health"]},
    },
    "root": {"level": logging.INFO, "handlers": ["out"]},
    "loggers": {
        "gunicorn.error": {"level": logging.INFO, "handlers": ["out"], "propagate": False},
        "gunicorn.access": {"level": logging.INFO, "handlers": ["out"], "propagate": False},
    },
}
