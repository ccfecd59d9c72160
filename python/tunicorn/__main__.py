"""`python -m tunicorn` is the command tunicorn, with this Python. An upgrade runs this file by its path."""

from __future__ import annotations

if not __package__:
    import os
    import sys

    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tunicorn.launcher.main import main

if __name__ == "__main__":
    main()
