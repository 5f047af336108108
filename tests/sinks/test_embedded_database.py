"""The demo's database works for any user and leaves nothing behind."""

from pathlib import Path

import psycopg
import pytest

import sinks.embedded_database
from sinks.embedded_database import EmbeddedDatabase, drop_database


@pytest.mark.parametrize("readable", [True, False])
def test_the_embedded_database_creates_databases(readable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database can be made, used and dropped, also where other users may not read the package."""
    monkeypatch.setattr(sinks.embedded_database, "_readable_by_others", lambda _path: readable)

    with EmbeddedDatabase() as database:
        url = database.create_database("city")
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT current_database(), current_setting('TimeZone')").fetchone()
        drop_database(url)
        log_folder = Path(database._log_path).parent
        assert log_folder.exists()

    assert row == ("city", "UTC")
    assert not log_folder.exists()


def test_the_embedded_database_asks_for_its_password() -> None:
    """Other users of the machine do not get in over 127.0.0.1."""
    with EmbeddedDatabase() as database:
        user, rest = database.url.split(":", 2)[1].removeprefix("//"), database.url.rpartition("@")[2]

        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://{user}:wrong@{rest}")
