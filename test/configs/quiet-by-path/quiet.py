import gunicorn.glogging


class Logger(gunicorn.glogging.Logger):
    def access(self, resp, req, environ, request_time):
        if environ.get("HTTP_USER_AGENT", "").startswith("kube-probe") or req.path == "/health":
            return
        super().access(resp, req, environ, request_time)
