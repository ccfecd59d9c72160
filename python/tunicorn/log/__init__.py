"""The error log of Python processes."""
