"""A Django project: settings by raw_env, logging shared with the server, checks before the first worker."""

import os

wsgi_app = "store.wsgi:application"
raw_env = ["DJANGO_SETTINGS_MODULE=store.settings"]
bind = os.environ.get("BIND", "unix:store.sock")
workers = 2
preload_app = True
forwarded_allow_ips = "*"
capture_output = True


def on_starting(server):
    import django
    from django.core.management import call_command

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "store.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    server.log.info("database of Django %s is up to date", django.get_version().split(".")[0])


def post_fork(server, worker):
    from django.db import connections

    connections.close_all()
