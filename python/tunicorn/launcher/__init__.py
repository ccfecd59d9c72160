"""The command as a Python program: `venv/bin/tunicorn` and `python -m tunicorn`. Finds Node.js and becomes the server.

Its time is part of every start, so these modules import as little as possible; `typing` alone takes a fifth of it.
"""
