"""Stand-alone scripts that do what Node.js cannot."""
