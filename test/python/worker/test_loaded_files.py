from __future__ import annotations

import sys
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.worker import loaded_files  # noqa: E402

SITE_PACKAGES = "/venv/lib/python3.11/site-packages"


class Watched(unittest.TestCase):
    def test_the_server_itself_is_not_watched_where_pip_has_installed_it(self) -> None:
        own = f"{SITE_PACKAGES}/tunicorn/_server/python"
        with mock.patch.object(loaded_files, "PACKAGES_FOLDER", own):
            files = loaded_files.LoadedFiles(lambda report: None)
        for path, watched in (
            (f"{own}/tunicorn/worker/worker.py", False),
            (f"{SITE_PACKAGES}/flask/app.py", True),
            ("/srv/shop/shop.py", True),
            (f"{loaded_files.os.path.dirname(loaded_files.os.__file__)}/json/decoder.py", False),
        ):
            self.assertEqual(files._is_watched(path), watched, path)


if __name__ == "__main__":
    unittest.main()
