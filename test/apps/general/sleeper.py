"""/sleep sleeps until timeout ends it; /hold waits for the test; any other path answers immediately."""

import os
import time

import rendezvous


def application(environ, start_response):
    if environ["PATH_INFO"] == "/sleep":
        fall_asleep()
    if environ["PATH_INFO"] == "/sleep-after-head":
        return sleep_after_head(start_response)
    if environ["PATH_INFO"] == "/hold":
        rendezvous.wait("held")
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def fall_asleep():
    rendezvous.note("asleep")
    time.sleep(3600)


def sleep_after_head(start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"awake, "
    fall_asleep()
