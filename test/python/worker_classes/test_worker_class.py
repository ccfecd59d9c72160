"""Which module serves, by the name of a worker class."""

import unittest

from tunicorn.worker_classes import worker_class


class WorkerClassTest(unittest.TestCase):
    def test_a_class_has_its_module(self) -> None:
        for name in ("sync", "gthread", "asgi"):
            self.assertEqual(worker_class.module_of(name).__name__, f"tunicorn.worker_classes.{name}_worker")

    def test_an_unknown_name_is_an_error_that_names_the_classes(self) -> None:
        with self.assertRaisesRegex(ValueError, "there is no worker class 'synk'; the classes are sync, gthread"):
            worker_class.module_of("synk")


if __name__ == "__main__":
    unittest.main()
