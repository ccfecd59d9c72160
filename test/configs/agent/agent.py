"""Stands in for the agent of a monitoring service, which has to be loaded before the application."""

import configparser
import os
import sys

settings = {}


def initialize(path, environment):
    if "shop" in sys.modules:
        raise RuntimeError("the agent has come too late")
    parser = configparser.ConfigParser()
    parser.read_file(open(path))
    settings.update(parser["agent"], pid=os.getpid())
    if parser.has_section("agent:" + environment):
        settings.update(parser["agent:" + environment])


def wrap(application):
    def wrapped(environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, headers + [("X-Agent", settings["app_name"])], exc_info)

        return application(environ, start)

    return wrapped


def register_application(timeout):
    settings["registered"] = True


def shutdown():
    print("agent of %d has shut down" % settings["pid"], file=sys.stderr, flush=True)
