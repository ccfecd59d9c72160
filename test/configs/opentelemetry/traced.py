from opentelemetry import trace

import shop

tracer = trace.get_tracer("shop")


def application(environ, start_response):
    with tracer.start_as_current_span("GET " + environ["PATH_INFO"]):
        return shop.application(environ, start_response)
