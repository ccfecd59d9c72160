"""Settings that depend on those of the Django project, which is not imported for that."""

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
