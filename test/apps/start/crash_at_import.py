"""Raises when it is imported."""

raise RuntimeError("this module does not import")
