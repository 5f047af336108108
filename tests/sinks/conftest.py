"""Fixtures of the database tests: migrated databases on the real server, and values to flush."""

from collections.abc import Iterator

import pytest

from sinks.connection import Connection, open_connection
from sinks.flow_store import FlowStore
from sinks.migrate import migrate, migrate_keys
from sinks.patience import Patience


@pytest.fixture
def figures_url(database_url: str) -> str:
    """Give the URL of a migrated figures database without rows."""
    migrate(database_url)
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
