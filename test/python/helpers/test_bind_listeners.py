"""The messages of the process that binds, which it reads and writes without the module json."""

from __future__ import annotations

import json
import unittest

from tunicorn.helpers.bind_listeners import from_json, to_json


class Json(unittest.TestCase):
    def test_it_writes_what_json_reads(self) -> None:
        for text in ["", "/run/app.sock", 'a "b" \\ c', "\0\n\x1f\x7f", "köln 日本 😀", "\udcff", "\u2028"]:
            message = {"type": "listener", "index": 0, "made": None, text: {"yes": True, "no": False, "text": text}}
            self.assertEqual(json.loads(to_json(message)), message)

    def test_it_reads_what_node_writes(self) -> None:
        line = '{"addresses":[{"kind":"unix","path":"a\\"\\\\\\n\\u0001\\ud800 é😀\u2028"}],"uid":null,"reuse_port":true}'
        self.assertEqual(from_json(line), json.loads(line))
        self.assertEqual(from_json('{"cmd":"NODE_HANDLE_ACK","x":[false,-1]}'), {"cmd": "NODE_HANDLE_ACK", "x": [False, -1]})
