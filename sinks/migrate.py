"""Bring a database to the schema of this version; safe to repeat and to run at the same time; never back.

yoyo-migrations reads the files and keeps the list of what was applied. Each migration and its entry in that
list are one transaction, so that a process killed in between leaves nothing half done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import default_migration_table, read_migrations

from duls.errors import ConfigError, RefusedError, ServiceAwayError
from sinks.connection import away_errors, first_line
from sinks.queries import query
from sinks.silence import ENDLESS, ListeningConnection

HERE: Final = Path(__file__).parent


class Schema(NamedTuple):
    """One family of migrations: its folder, the schema that keeps its list, and the number of its lock."""

    folder: Path
    bookkeeping: str
    lock: int


FIGURES_SCHEMA: Final = Schema(HERE / "migrations", "core", 7_041_001)
KEYS_SCHEMA: Final = Schema(HERE / "key_migrations", "keys", 7_041_002)


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]  # yoyo has no types
    """yoyo's PostgreSQL backend on a libpq URL, whose list of migrations lives in a schema of ours."""

    # The advisory lock taken around everything replaces yoyo's lock table, left locked by a killed process.
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
    """Refuse a figures database that is not at the schema of this version."""
    with away_errors("read the schema version"), _locked_backend(url, FIGURES_SCHEMA) as backend:
        known = read_migrations(str(FIGURES_SCHEMA.folder))
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
        with away_errors("migrate the database"), _locked_backend(url, schema) as backend:
            return _apply_missing(backend, schema)
    except psycopg.errors.InsufficientPrivilege as error:
        message = f"the login may not change the schema ({first_line(error)}): migrate as the owner"
        raise ConfigError(message) from error


def _connection(url: str) -> ListeningConnection:
    """Connect for work of any length."""
    connection = ListeningConnection.connect(
        url, autocommit=True, application_name="duls migrate", connect_timeout=5
    )
    connection.silence = ENDLESS
    return connection


@contextmanager
def _locked_backend(url: str, schema: Schema) -> Iterator[_Backend]:
    """Connect, wait for other migrating processes, and make sure that the bookkeeping has a place."""
    with _connection(url) as guard:
        guard.execute(query("migrate", "lock_migrations"), {"lock": schema.lock})
        if not guard.execute(query("migrate", "has_schema"), {"name": schema.bookkeeping}).fetchall():
            guard.execute(
                psycopg.sql.SQL("CREATE SCHEMA {}").format(psycopg.sql.Identifier(schema.bookkeeping))
            )
        with _Backend(url, schema.bookkeeping) as backend:
            yield backend


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
