import json
import os

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "settings.json")) as file:
    everything = json.load(file)

globals().update(everything["server"])
if everything.get("metrics", {}).get("enabled"):
    statsd_host = os.environ["STATSD"]
    statsd_prefix = everything["metrics"]["prefix"]
