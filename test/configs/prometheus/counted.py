from prometheus_client import Counter, Gauge

import shop

SERVED = Counter("shop_requests", "Requests", ["path"])
ALIVE = Gauge("shop_workers", "Workers", multiprocess_mode="livesum")
ALIVE.set(1)


def application(environ, start_response):
    SERVED.labels(environ["PATH_INFO"]).inc()
    return shop.application(environ, start_response)
