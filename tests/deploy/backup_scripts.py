"""The scripts of deploy/backup, run in the Debian folder, whose PostgreSQL programs are of the server's version."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.deploy.files import DEPLOY
from tests.services.fetch import fetch_timescale

TIMEOUT_S: Final = 300.0


class BackupScripts:
    """The scripts and a place for backups, for one database.

    Args:
        root: The Debian folder.
        folder: Within it; the scripts are there already.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self.folder = folder

    def backup(self, url: str) -> Path:
        """Back a database up; return where the backup is."""
        said = self.run("backup.sh", url, f"{self._inside}/backups").strip()
        return self._root / said.removeprefix("/")

    def restore(self, url: str, backup: Path) -> str:
        """Restore a backup into an empty database; return what the script said."""
        return self.run("restore.sh", url, f"/{backup.relative_to(self._root)}")

    def run(self, script: str, url: str, argument: str) -> str:
        """Run a script; return its output.

        Raises:
            AssertionError: it failed; what it said is quoted.
        """
        variables = [f"DULS_DATABASE_URL={url}", "PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]
        command = ["chroot", str(self._root), "env", "-i", *variables, f"{self._inside}/{script}", argument]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
        assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    @property
    def _inside(self) -> str:
        """Name the folder as the scripts see it."""
        return f"/{self.folder.relative_to(self._root)}"


@contextmanager
def backup_scripts() -> Iterator[BackupScripts]:
    """Give the scripts, and remove the backups afterwards."""
    root = fetch_timescale()
    folder = Path(tempfile.mkdtemp(prefix="duls-backup-", dir=root / "srv"))
    try:
        for path in (DEPLOY / "backup").iterdir():
            shutil.copy(path, folder)
        yield BackupScripts(root, folder)
    finally:
        shutil.rmtree(folder)
