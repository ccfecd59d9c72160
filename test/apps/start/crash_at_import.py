"""Does not import."""

raise RuntimeError("this module does not import")
