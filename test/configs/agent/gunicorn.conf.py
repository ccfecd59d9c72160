import os

workers = 1
config_file = os.path.join(os.path.dirname(os.path.abspath(__file__)), "agent.ini")


def post_fork(server, worker):
    # Before the application is imported, so that the agent sees every import.
    import agent

    agent.initialize(config_file, environment=os.getenv("STAGE", "production"))


def post_worker_init(worker):
    import agent

    worker.wsgi = agent.wrap(worker.wsgi)
    agent.register_application(timeout=1.0)
    worker.log.info("agent reports as %s", agent.settings["app_name"])


def worker_exit(server, worker):
    import agent

    agent.shutdown()
