"""Finds and imports the application."""
