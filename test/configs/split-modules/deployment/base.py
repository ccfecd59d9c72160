from deployment.hooks import *  # noqa: F403

workers = 1
accesslog = None
errorlog = "-"
raw_env = ["STAGE=base"]
