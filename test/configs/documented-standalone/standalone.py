"""A program with its own command, without a gunicorn.conf.py: its settings are a dict."""

import multiprocessing
import os

import gunicorn.app.base
import shop


def number_of_workers():
    return min(multiprocessing.cpu_count() * 2 + 1, int(os.environ["MAX_WORKERS"]))


class StandaloneApplication(gunicorn.app.base.BaseApplication):
    def __init__(self, app, options=None):
        self.options = options or {}
        self.application = app
        super().__init__()

    def load_config(self):
        config = {key: value for key, value in self.options.items() if key in self.cfg.settings and value is not None}
        for key, value in config.items():
            self.cfg.set(key.lower(), value)

    def load(self):
        return self.application


def post_fork(server, worker):
    shop.facts["region"] = "standalone"


if __name__ == "__main__":
    options = {"bind": os.environ["BIND"], "workers": number_of_workers(), "post_fork": post_fork, "unknown": 1}
    StandaloneApplication(shop.application, options).run()
