"""Each worker has a number, starting at 1; the successor of a worker gets the number that has become free."""

import os

workers = 3


def on_starting(server):
    server.numbers_in_use = {}


def pre_fork(server, worker):
    taken = {number for number, age in server.numbers_in_use.items()}
    worker.number = next(number for number in range(1, 1000) if number not in taken)
    server.numbers_in_use[worker.number] = worker.age


def post_fork(server, worker):
    os.environ["WORKER_NUMBER"] = str(worker.number)


def child_exit(server, worker):
    server.numbers_in_use.pop(worker.number)


def nworkers_changed(server, new_value, old_value):
    server.log.info("workers: %s instead of %s", new_value, old_value)
