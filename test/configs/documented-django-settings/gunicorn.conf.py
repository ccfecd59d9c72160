"""Settings that depend on the Django project's, read without importing it."""

from pathlib import Path

settings = {}
exec(Path("project_settings.py").read_text(), settings)

loglevel = "warning"
proc_name = "web-project"
workers = 1

if settings["DEBUG"]:
    loglevel = "debug"
    reload = True
    proc_name += "_debug"
