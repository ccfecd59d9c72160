logconfig = "logging.ini"
wsgi_app = "log_app:app"
