"""Reads YAML documents from standard input, and writes them as one JSON array."""

import json
import sys

import yaml

json.dump([document for document in yaml.safe_load_all(sys.stdin) if document is not None], sys.stdout)
