"""The worker classes: how each takes tickets and runs requests."""
