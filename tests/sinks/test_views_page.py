"""docs/views.md tells of every view for readers as the database itself does."""

import os
from pathlib import Path

import pytest

from sinks.connection import open_connection
from sinks.migrate import migrate
from tests.sinks.views_page import view_columns, views_page

pytestmark = pytest.mark.services

PAGE = Path(__file__).parents[2] / "docs" / "views.md"


def test_the_page_is_what_the_database_says(database_url: str) -> None:
    """DULS_TEST_WRITE=1 writes it anew; each view and each column has words."""
    migrate(database_url)
    with open_connection(database_url, application_name="test") as connection:
        columns = view_columns(connection)

    if os.environ.get("DULS_TEST_WRITE") == "1":
        PAGE.write_text(views_page(columns), encoding="utf-8")
    assert [] == sorted({column.view for column in columns if not column.view_words})
    assert [] == [
        f"{column.schema}.{column.view}.{column.name}" for column in columns if not column.words.strip(" -")
    ]
    assert views_page(columns) == PAGE.read_text(encoding="utf-8")
