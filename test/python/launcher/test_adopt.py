from __future__ import annotations

import io
import os
import subprocess
import sys
import unittest
import unittest.mock
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

PYTHON_DIR = Path(__file__).resolve().parents[3] / "python"
sys.path.insert(0, str(PYTHON_DIR))

from tunicorn.launcher import adopt  # noqa: E402

REAL = "#!/usr/bin/python3\nfrom gunicorn.app.wsgiapp import run\n"


class Commands(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.command = Path(self.folder, "gunicorn")
        self.kept = Path(self.folder, adopt.KEPT)
        Path(self.folder, "tunicorn").write_text("#!/usr/bin/python3\n")
        Path(self.folder, "tunicorn").chmod(0o755)

    def files(self) -> set[str]:
        return set(os.listdir(self.folder)) - {"tunicorn"}

    def test_a_real_command_is_kept_and_restored(self) -> None:
        self.command.write_text(REAL)
        self.command.chmod(0o750)
        self.assertIn(f"the one before is kept as {self.kept}", adopt.adopt(self.folder))
        self.assertIn("is Tunicorn's already", adopt.adopt(self.folder))
        self.assertEqual(self.kept.read_text(), REAL)
        self.assertEqual(self.command.stat().st_mode & 0o777, 0o755)
        self.assertEqual(self.files(), {"gunicorn", adopt.KEPT})
        self.assertIn("is again the one from before", adopt.undo(self.folder))
        self.assertEqual((self.command.read_text(), self.command.stat().st_mode & 0o777), (REAL, 0o750))
        self.assertIn("nothing to undo", adopt.undo(self.folder))
        self.assertEqual(self.files(), {"gunicorn"})

    def test_the_command_of_a_gunicorn_that_is_no_longer_installed_is_not_restored(self) -> None:
        packages = Path(self.folder, "site-packages")
        self.command.write_text(REAL)
        adopt.adopt(self.folder)
        self.assertIn("no longer installed", adopt.undo(self.folder, [str(packages)]))
        self.assertEqual(self.files(), set())
        Path(packages, "gunicorn").mkdir(parents=True)
        Path(packages, "gunicorn", "__init__.py").touch()
        self.command.write_text(REAL)
        adopt.adopt(self.folder)
        self.assertIn("the one from before", adopt.undo(self.folder, [str(packages)]))
        self.assertEqual(self.command.read_text(), REAL)

    def test_an_interpreter_whose_path_the_locale_cannot_write(self) -> None:
        with unittest.mock.patch.object(sys, "executable", os.fsdecode(b"/srv/caf\xc3\xa9-\xff/bin/python")):
            adopt.adopt(self.folder)
        self.assertTrue(self.command.read_bytes().startswith(b"#!/srv/caf\xc3\xa9-\xff/bin/python\n"))
        self.assertEqual(self.files(), {"gunicorn"})

    def test_without_a_real_command(self) -> None:
        self.assertIn("there was none", adopt.adopt(self.folder))
        self.assertIn("there was none before", adopt.undo(self.folder))
        self.assertIn("nothing to undo", adopt.undo(self.folder))
        self.assertEqual(self.files(), set())

    def test_after_an_upgrade_of_gunicorn_its_new_command_is_the_one_to_keep(self) -> None:
        self.command.write_text(REAL)
        adopt.adopt(self.folder)
        newer = f"{REAL}# newer\n"
        self.command.write_text(newer)
        self.assertIn("nothing to undo", adopt.undo(self.folder))
        self.assertEqual(self.kept.read_text(), REAL)
        adopt.adopt(self.folder)
        adopt.undo(self.folder)
        self.assertEqual((self.command.read_text(), self.files()), (newer, {"gunicorn"}))

    def test_a_link_is_kept_as_a_link(self) -> None:
        self.command.symlink_to("/opt/gunicorn")
        adopt.adopt(self.folder)
        self.assertFalse(self.command.is_symlink())
        adopt.undo(self.folder)
        self.assertEqual(os.readlink(self.command), "/opt/gunicorn")

    def test_the_package_with_the_command_is_left_alone(self) -> None:
        self.command.write_text("#!/usr/bin/python3\nfrom tunicorn.launcher.main import main_as_gunicorn\n")
        self.assertIn("from the package tunicorn-gunicorn-command", adopt.adopt(self.folder))
        with self.assertRaisesRegex(adopt.CannotAdopt, "uninstall that"):
            adopt.undo(self.folder)

    def test_what_pip_leaves_says_how_to_get_gunicorn_back(self) -> None:
        self.command.write_text(REAL)
        adopt.adopt(self.folder)
        self.assertEqual(
            self.run_command(),
            (1, f"Error: {self.command} is Tunicorn's, which is no longer installed. "
                f"Restore Gunicorn's command: mv {self.kept} {self.command}\n"),
        )  # fmt: skip
        self.kept.unlink()
        self.assertIn("Install it again, or delete this file", self.run_command()[1])

    def run_command(self) -> tuple[int, str]:
        run = subprocess.run([sys.executable, "-I", str(self.command)], capture_output=True, text=True)
        return run.returncode, run.stderr

    def test_the_first_line_of_a_script_has_a_limit(self) -> None:
        self.assertEqual(adopt.shebang("/venv/bin/python"), "#!/venv/bin/python")
        folder = Path(self.folder, "with a space", "x" * 120)
        folder.mkdir(parents=True)
        Path(folder, "python").symlink_to(sys.executable)
        self.command.write_text(f"{adopt.shebang(str(folder / 'python'))}\nprint('runs')\n")
        self.command.chmod(0o755)
        self.assertEqual(subprocess.run([self.command], capture_output=True, text=True).stdout, "runs\n")

    def test_arguments(self) -> None:
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
            self.assertEqual((adopt.main(["--help"]), adopt.main(["--workers", "2"])), (0, 2))
        self.assertTrue(out.getvalue().startswith("usage: tunicorn adopt [--undo]\n"))
        self.assertIn("unrecognized arguments: --workers 2", err.getvalue())
        self.assertIn("tunicorn adopt:application", err.getvalue())


if __name__ == "__main__":
    unittest.main()
