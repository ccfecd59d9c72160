import os

workers = 2


def post_fork(server, worker):
    server.log.info("Worker spawned (pid: %s)", worker.pid)

    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    resource = Resource.create({"service.name": os.environ["OTEL_SERVICE_NAME"], "process.pid": worker.pid})
    provider = TracerProvider(resource=resource)
    # BatchSpanProcessor has a thread, and threads do not survive a fork.
    spans = open("spans.%d.json" % worker.pid, "w")
    provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(out=spans)))
    trace.set_tracer_provider(provider)


def worker_exit(server, worker):
    from opentelemetry import trace

    trace.get_tracer_provider().shutdown()
