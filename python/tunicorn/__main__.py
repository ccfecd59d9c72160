"""`python -m tunicorn` is the command tunicorn, with this Python."""

from __future__ import annotations

from tunicorn.embedding.command import main

if __name__ == "__main__":
    main()
