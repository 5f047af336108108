"""Bring a database to the schema of this version; safe to repeat and to run at the same time; never back.

yoyo-migrations reads the files and keeps the list of what was applied. Each migration and its entry in that
list are one transaction, so that a process killed in between leaves nothing half done.

Whoever migrates locks a table, for which PostgreSQL asks for rights that readers have not; an advisory lock may be
taken by any login, and one query of a reader would stop every migration and every start of a role.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table, read_migrations

from duls.errors import ConfigError, RefusedError, ServiceAwayError
from sinks.connection import away_errors, first_line
from sinks.queries import query
from sinks.silence import ENDLESS, ListeningConnection

HERE: Final = Path(__file__).parent
APPLICATION_NAME: Final = "duls migrate"


class Schema(NamedTuple):
    """One family of migrations: its folder, and the schema that keeps its list and the table that is locked."""

    folder: Path
    bookkeeping: str


FIGURES_SCHEMA: Final = Schema(HERE / "migrations", "core")
KEYS_SCHEMA: Final = Schema(HERE / "key_migrations", "keys")

ALREADY_MADE: Final = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DuplicateSchema,
    psycopg.errors.DuplicateTable,
)

log = structlog.get_logger()


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no types
    """yoyo's PostgreSQL backend on a libpq URL, whose list of migrations lives in a schema of ours."""

    # The lock taken around everything replaces yoyo's lock table, left locked by a killed process.
    _is_locked = True

    def __init__(self, url: str, schema: str) -> None:
        """Connect to *url* and keep the bookkeeping in *schema*."""
        self._url = url
        self.schema = schema
        super().__init__(DatabaseURI("postgresql+psycopg", "", "", "", 0, "", {}), default_migration_table)

    def connect(self, dburi: object) -> psycopg.Connection[Any]:
        """Connect with libpq's own reading of the URL, which yoyo's reading is only a part of."""
        del dburi
        return _connection(self._url)

    def init_connection(self, connection: psycopg.Connection[Any]) -> None:
        """Put unqualified names, which only yoyo uses, into the schema of the bookkeeping."""
        connection.execute("SELECT set_config('search_path', %s || ', public', false)", [self.schema])


def migrate(url: str) -> list[str]:
    """Bring the figures database to the current schema and return the names of the migrations applied now.

    Raises:
        RefusedError: the database has migrations that this version does not know.
        ConfigError: the login may not change the schema.
        ServiceAwayError: the database does not answer.
    """
    return _migrate(url, FIGURES_SCHEMA)


def migrate_keys(url: str) -> list[str]:
    """Bring the keys database to the current schema, as `migrate` does."""
    return _migrate(url, KEYS_SCHEMA)


def require_current(url: str) -> None:
    """Refuse a figures database that is not at the schema of this version.

    Raises:
        RefusedError: the database has migrations that this version does not know.
        ConfigError: it lacks migrations.
        ServiceAwayError: it does not answer.
    """
    known = read_migrations(str(FIGURES_SCHEMA.folder))
    with away_errors("read the schema version"), _connection(url) as guard:
        if not _has_place(guard, FIGURES_SCHEMA):
            message = "the database was not migrated by this version: run `duls migrate` first"
            raise ConfigError(message)
        with _locked(guard, FIGURES_SCHEMA), _Backend(url, FIGURES_SCHEMA.bookkeeping) as backend:
            _refuse_unknown(backend, {migration.hash for migration in known})
            pending = [migration.id for migration in backend.to_apply(known)]
    if pending:
        message = f"the database lacks migrations {', '.join(pending)}: run `duls migrate` first"
        raise ConfigError(message)


def ensure_database(url: str) -> bool:
    """Create the database of *url* when the server has none by that name; return whether it did.

    Raises:
        ConfigError: it is missing and the login may not create it.
        ServiceAwayError: the server does not answer.
    """
    name = str(conninfo_to_dict(url).get("dbname") or "")
    try:
        with away_errors(f"connect to the database {name}"):
            psycopg.connect(url, connect_timeout=5).close()
    except ServiceAwayError as error:
        if not name or f'database "{name}" does not exist' not in str(error):
            raise
        return _create_database(url, name)
    return False


def _create_database(url: str, name: str) -> bool:
    """Create the database *name*, from the maintenance database of the same server."""
    maintenance = make_conninfo(url, dbname="postgres")
    statement = psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
    try:
        with away_errors("create the database"), psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(statement)
    except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return False
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"the database {name} does not exist and the login may not create it: create it first"
        raise ConfigError(message) from error
    return True


def _migrate(url: str, schema: Schema) -> list[str]:
    """Apply what is missing of a family of migrations."""
    try:
        with away_errors("migrate the database"), _connection(url) as guard:
            _make_place(guard, schema)
            with _locked(guard, schema), _Backend(url, schema.bookkeeping) as backend:
                return _apply_missing(backend, schema)
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"the login may not change the schema ({first_line(error)}): migrate as the owner"
        raise ConfigError(message) from error


def _connection(url: str) -> ListeningConnection:
    """Connect for work of any length; who keeps it waiting is told."""
    connection = ListeningConnection.connect(
        url, autocommit=True, application_name=APPLICATION_NAME, connect_timeout=5
    )
    connection.silence = ENDLESS._replace(tell=partial(_tell_blockers, url, connection.info.backend_pid))
    try:
        connection.execute(query("migrate", "lift_limits"))
    except BaseException:
        connection.close()
        raise
    return connection


def _tell_blockers(url: str, waiting_pid: int) -> None:
    """Say which sessions keep one of ours waiting, if any do; without an answer nothing is said."""
    try:
        with psycopg.connect(
            url, autocommit=True, application_name=APPLICATION_NAME, connect_timeout=5
        ) as asking:
            blockers = asking.execute(query("migrate", "blockers"), {"pid": waiting_pid}).fetchall()
    except psycopg.Error as error:
        log.debug("it cannot be asked who keeps migrations waiting", reason=first_line(error))
        return
    for pid, user, application, since in blockers:
        log.warning(
            "migrating waits for another session: `SELECT pg_terminate_backend(pid)` would end it",
            pid=pid,
            user=user,
            application=application,
            since=str(since),
        )


def _has_place(guard: psycopg.Connection[Any], schema: Schema) -> bool:
    """Tell whether the table is there that whoever migrates locks."""
    return bool(guard.execute(query("migrate", "has_place"), {"schema": schema.bookkeeping}).fetchall())


def _make_place(guard: psycopg.Connection[Any], schema: Schema) -> None:
    """Make the schema of the bookkeeping, and in it the table that whoever migrates locks, where they are missing."""
    if _has_place(guard, schema):
        return
    name = {"schema": schema.bookkeeping}
    try:
        with guard.transaction():
            if not guard.execute(query("migrate", "has_schema"), name).fetchall():
                identifier = psycopg.sql.Identifier(schema.bookkeeping)
                guard.execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(identifier))
            guard.execute(query("migrate", "enter_schema"), name)
            guard.execute(query("migrate", "make_place"))
    except ALREADY_MADE:  # by another process, whose transaction has ended by now
        log.debug("another process made the place of migrations at the same moment")


@contextmanager
def _locked(guard: psycopg.Connection[Any], schema: Schema) -> Iterator[None]:
    """Wait for other migrating processes, and let none begin meanwhile; the lock ends with the session at last."""
    guard.execute(query("migrate", "enter_schema"), {"schema": schema.bookkeeping})
    with guard.transaction():
        guard.execute(query("migrate", "lock"))
        yield


def _apply_missing(backend: _Backend, schema: Schema) -> list[str]:
    """Apply the missing migrations in order, each in one transaction with its entry in the list."""
    known = read_migrations(str(schema.folder))
    _refuse_unknown(backend, {migration.hash for migration in known})
    applied = []
    for migration in backend.to_apply(known):
        migration.load()
        with backend.transaction():
            for step in migration.steps:
                step.apply(backend)
            backend.mark_one(migration, log=False)
        applied.append(str(migration.id))
    for migration in known.post_apply:
        migration.load()
        migration.process_steps(backend, "apply")
    return applied


def _refuse_unknown(backend: _Backend, known_hashes: set[str]) -> None:
    """Refuse a database that a newer version has migrated: this one would misread it."""
    backend.ensure_internal_schema_updated()
    rows = backend.execute(query("migrate", "applied_migrations").decode()).fetchall()
    unknown = [name for digest, name in rows if digest not in known_hashes]
    if unknown:
        message = (
            f"the database has migrations that this version does not know ({', '.join(unknown)}): "
            "it was migrated by a newer version; run that one, going back is not possible"
        )
        raise RefusedError(message)
