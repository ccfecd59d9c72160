"""The objects that hooks are called with, as Gunicorn has them."""
