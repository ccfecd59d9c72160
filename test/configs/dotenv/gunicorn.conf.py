import os
from pathlib import Path


def read_dotenv(path):
    for line in path.read_text().splitlines():
        line = line.strip()
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            os.environ.setdefault(name.strip(), value.strip().strip("\"'"))


read_dotenv(Path(__file__).resolve().parent / ".env")

bind = os.environ["BIND"]
workers = int(os.environ["APP_WORKERS"])
loglevel = os.getenv("LOG_LEVEL", "info").lower()
