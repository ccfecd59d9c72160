"""gunicorn.conf.py: its evaluation, its settings, and what hooks see of them."""
