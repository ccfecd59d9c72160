import os

workers = 2
preload_app = True
errorlog = "-"


def post_fork(server, worker):
    # The transport's thread does not survive a fork: every worker starts its own.
    import sentry_sdk
    from recording_transport import RecordingTransport

    sentry_sdk.init(
        dsn=os.environ.get("SENTRY_DSN"),
        transport=RecordingTransport,
        environment=os.environ.get("STAGE", "dev"),
        release="shop@1.2.3",
        default_integrations=False,
    )
    sentry_sdk.set_tag("worker", worker.pid)
    server.log.info("sentry is on in worker %s", worker.pid)


def worker_exit(server, worker):
    import sentry_sdk

    sentry_sdk.flush(timeout=2)
