"""Fixtures of the database tests: migrated databases on the real server, and values to flush."""

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from sinks.claims import Claim, claim
from sinks.connection import Connection, open_connection
from sinks.embedded_database import drop_database
from sinks.flow_store import FlowStore
from sinks.flush import prepare_session
from sinks.migrate import migrate, migrate_keys
from sinks.patience import Patience
from tests.services.external import Database
from tests.sinks.flush_values import TOPIC


@pytest.fixture(scope="session")
def migrated(timescale: Database) -> Iterator[str]:
    """Give the name of a migrated figures database that nobody can use: copying it is faster than migrating."""
    name = f"migrated_{uuid.uuid4().hex}"
    url = timescale.create_database(name)
    migrate(url)
    with psycopg.connect(timescale.url, autocommit=True) as connection:
        # the scheduler of TimescaleDB would join each database, and what is in use cannot be copied
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    yield name
    drop_database(url)


@pytest.fixture
def figures_url(timescale: Database, migrated: str, database_url: str) -> str:
    """Give the URL of a migrated figures database without rows."""
    drop_database(database_url)
    with psycopg.connect(timescale.url, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(database_url).path.removeprefix("/"))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(migrated)))
    return database_url


@pytest.fixture
def keys_url(database_url: str) -> str:
    """Give the URL of a migrated keys database without rows."""
    migrate_keys(database_url)
    return database_url


@pytest.fixture
def connection(figures_url: str) -> Iterator[Connection]:
    """Give a connection to a migrated figures database."""
    with open_connection(figures_url, application_name="test") as opened:
        yield opened


@pytest.fixture
def store(figures_url: str) -> Iterator[FlowStore]:
    """Give a store on a migrated figures database."""
    with FlowStore(figures_url, patience=Patience(20.0)) as opened:
        yield opened


@pytest.fixture
def claims(connection: Connection) -> dict[int, Claim]:
    """Claim two partitions at offset 0 on a session that is ready to flush."""
    prepare_session(connection)
    return claim(connection, TOPIC, [0, 1], {0: 0, 1: 0})
