"""What programs and configuration files import of Gunicorn."""
