"""Fixtures of the board tests: a year of figures, and logins like those of Grafana's data sources."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from grafana.data_sources import OPERATOR_UID, PLANNER_UID
from sinks.connection import Connection, open_connection
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from tests.grafana import board_year
from tests.services.external import Database

ROLES = {OPERATOR_UID: "duls_operator", PLANNER_UID: "duls_planner"}

Logins = dict[str, Connection]
"""Connections by the id of the data source whose login they use."""


class Year(NamedTuple):
    """A database with a year of figures, as the data sources see it."""

    now: datetime
    logins: Logins


@pytest.fixture(scope="session")
def year(timescale: Database) -> Iterator[Year]:
    """Give a year of figures up to now."""
    now = datetime.now(UTC)
    with _database(timescale) as url:
        with open_connection(url, application_name="test") as connection:
            board_year.fill(connection, now)
        with _logins(url) as logins:
            yield Year(now, logins)


@pytest.fixture(scope="session")
def nothing(timescale: Database) -> Iterator[Logins]:
    """Give a migrated database without a row."""
    with _database(timescale) as url, _logins(url) as logins:
        yield logins


@contextmanager
def _database(timescale: Database) -> Iterator[str]:
    """Make a migrated database, and drop it afterwards."""
    url = timescale.create_database(f"boards_{secrets.token_hex(8)}")
    migrate(url)
    yield url
    drop_database(url)


@contextmanager
def _logins(url: str) -> Iterator[Logins]:
    """Connect as a new member of each read role, as the installation guide makes them."""
    made = {}
    with psycopg.connect(url, autocommit=True) as owner, ExitStack() as stack:
        for uid, role in ROLES.items():
            name, password = f"grafana_{secrets.token_hex(6)}", secrets.token_hex(16)
            owner.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE {role}".encode())
            stack.callback(owner.execute, f"DROP ROLE {name}".encode())
            owner.execute(f"ALTER ROLE {name} SET statement_timeout = '60s'".encode())
            owner.execute(f"ALTER ROLE {name} SET default_transaction_read_only = on".encode())
            login = psycopg.connect(make_conninfo(url, user=name, password=password), autocommit=True)
            made[uid] = stack.enter_context(login)
        yield made
