import logging

log = logging.getLogger(__name__)
log.addHandler(logging.StreamHandler())


def app(environ, start_response):
    log.debug("Hello %s", "at level debug")
    log.warning("Hello %s", "at level warning")
    start_response("200 OK", [])
    return [b"logged"]
