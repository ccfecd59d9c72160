"""`python -m gunicorn` is the command tunicorn."""

from __future__ import annotations

from gunicorn.app.wsgiapp import run

if __name__ == "__main__":
    run()
