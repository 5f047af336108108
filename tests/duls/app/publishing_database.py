"""What tests of publication share: a migrated database, and what planners read of it."""

from collections.abc import Sequence

from duls.config import Settings, load_settings
from sinks.connection import Connection
from sinks.migrate import migrate


def migrated(url: str, **variables: str) -> Settings:
    """Migrate a database and return its settings, with other variables beside."""
    migrate(url)
    return load_settings({"DULS_DATABASE_URL": url, **variables})


def rows(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement of a test."""
    return connection.execute(statement.encode()).fetchall()


def all_rows(connection: Connection, views: Sequence[str]) -> list[list[tuple[object, ...]]]:
    """Return all that planners read of some views, in an order of their own."""
    return [
        rows(connection, f"SELECT * FROM history.{view} AS told ORDER BY told::text")  # noqa: S608  # names of tests
        for view in views
    ]
