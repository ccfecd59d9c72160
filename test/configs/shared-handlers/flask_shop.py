import logging

from flask import Flask


def create_app():
    app = Flask(__name__)
    server = logging.getLogger("gunicorn.error")
    app.logger.handlers = server.handlers
    app.logger.setLevel(server.level)

    @app.get("/")
    def home():
        app.logger.debug("an order for %s", "tea")
        return "tea"

    return app
