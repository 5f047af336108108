"""Tests of day keys: made once, wrapped, audited, destroyed by the clock of their database."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest

from duls.errors import ConfigError, ServiceAwayError
from sinks.connection import Connection, open_connection
from sinks.keys import KeyStore, require_keys
from sinks.migrate import migrate_keys
from sinks.patience import Patience

pytestmark = pytest.mark.services

MASTER = bytes(range(32))
SOURCES = {"duls.fms.position.v1": UUID(int=1), "duls.anpr.detection.v1": UUID(int=2)}
DAY_US = 86_400_000_000
EIGHT_DAYS_US = 8 * DAY_US


def key_store(url: str, reader: str = "intake-1", master: bytes = MASTER) -> KeyStore:
    """Return a store as an intake process has one."""
    return KeyStore(url, master, reader=reader, random_bytes=secrets.token_bytes, patience=Patience(20.0))


@pytest.fixture
def keys(keys_url: str) -> Iterator[KeyStore]:
    """Give a store on an empty keys database."""
    store = key_store(keys_url)
    yield store
    store.close()


@pytest.fixture
def database(keys_url: str) -> Iterator[Connection]:
    """Give a connection to the keys database."""
    with open_connection(keys_url, application_name="test") as opened:
        yield opened


def today(database: Connection) -> int:
    """Return the local day of the database's clock."""
    row = database.execute(
        "SELECT (now() AT TIME ZONE 'Europe/Amsterdam')::date - date '1970-01-01'"
    ).fetchone()
    return int(row[0]) if row else -1


def test_a_keys_database_that_cannot_serve_is_refused_at_once(database_url: str) -> None:
    """One that is away is told from one that was never migrated."""
    with pytest.raises(ServiceAwayError):
        require_keys("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(ConfigError, match="duls migrate"):
        require_keys(database_url)

    migrate_keys(database_url)

    require_keys(database_url)


def test_all_processes_get_the_row_that_the_first_one_made(keys: KeyStore, keys_url: str) -> None:
    """Later partitions and sources change nothing."""
    other = key_store(keys_url, "intake-2")
    first = keys.day_row(20_000, 4, SOURCES)
    second = other.day_row(20_000, 8, {})
    other.close()

    assert first == second
    assert (4, SOURCES) == (first.partitions, first.sources)
    assert first.key is not None
    assert len(first.key) == 32
    assert keys.day_row(20_001, 4, SOURCES).key != first.key


def test_a_key_is_not_readable_in_the_database(keys: KeyStore, database: Connection) -> None:
    """Another master key, or the row of another day, does not open it."""
    key = keys.day_row(20_000, 4, SOURCES).key
    keys.day_row(20_001, 4, SOURCES)
    row = database.execute("SELECT wrapped_key FROM keys.day_row WHERE day = date '2024-10-04'").fetchone()
    assert row
    assert key
    assert key not in row[0]

    stranger = key_store(database.info.dsn + f" password={database.info.password}", master=bytes(32))
    with pytest.raises(ConfigError, match="another master key"):
        stranger.day_row(20_000, 4, SOURCES)
    stranger.close()

    database.execute("UPDATE keys.day_row SET wrapped_key = %s WHERE day = date '2024-10-05'", row)
    keys.close()
    with pytest.raises(ConfigError, match="another master key"):
        keys.day_row(20_001, 4, SOURCES)


def test_a_key_is_never_shown(keys: KeyStore) -> None:
    """A row in a log or a failing test says only whether there is one."""
    row = keys.day_row(20_000, 4, {})

    assert "DayRow(day=20000, key present, partitions=4)" == repr(row)
    assert "key destroyed" in repr(row._replace(key=None))


def test_a_key_lives_eight_days_after_its_day_or_its_making(keys: KeyStore, database: Connection) -> None:
    """Tomorrow's key counts from the end of tomorrow, an imported year's from now."""
    day = today(database)
    tomorrow = keys.day_row(day + 1, 4, SOURCES)
    imported = keys.day_row(day - 400, 4, SOURCES)

    row = database.execute(
        "SELECT (extract(epoch FROM (date '1970-01-01' + %s + 2)::timestamp AT TIME ZONE 'Europe/Amsterdam') "
        "* 1000000)::bigint",
        [day],
    ).fetchone()
    assert row
    assert row[0] + EIGHT_DAYS_US == tomorrow.destroy_after_us
    now_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    assert abs(imported.destroy_after_us - now_us - EIGHT_DAYS_US) < 600_000_000


def test_an_expired_key_is_destroyed_everywhere(keys: KeyStore, keys_url: str, database: Connection) -> None:
    """In the table, in the process that destroys it, and in the others at their next look."""
    other = key_store(keys_url, "intake-2")
    for store in (keys, other):
        store.day_row(20_000, 4, SOURCES)
        store.day_row(20_001, 4, SOURCES)
    database.execute("UPDATE keys.day_row SET destroy_after = now() WHERE day = date '2024-10-04'")
    overdue = [age.day for age in keys.ages() if age.has_key and age.is_overdue]

    assert [20_000] == overdue
    assert [20_000] == keys.destroy_expired()
    assert [] == other.destroy_expired()
    for store in (keys, other):
        assert store.day_row(20_000, 4, SOURCES).key is None
        assert store.day_row(20_001, 4, SOURCES).key is not None
    assert [False, True] == [age.has_key for age in keys.ages()]
    other.close()


def test_every_making_first_reading_and_destruction_is_written_down(
    keys: KeyStore, keys_url: str, database: Connection
) -> None:
    """Once per process, however often it asks."""
    other = key_store(keys_url, "intake-2")
    for store in (keys, keys, other):
        store.day_row(20_000, 4, SOURCES)
    database.execute("UPDATE keys.day_row SET destroy_after = now()")
    other.destroy_expired()
    other.close()

    rows = database.execute("SELECT event, reader FROM keys.key_audit ORDER BY id").fetchall()
    assert [
        ("made", "intake-1"), ("read", "intake-1"), ("read", "intake-2"), ("destroyed", "intake-2")
    ] == rows  # fmt: skip


def test_another_topic_takes_the_place_of_one_that_is_gone_in_all_days(keys: KeyStore, keys_url: str) -> None:
    """Keys and other topics stay; a second time there is nothing left to do."""
    name, anew = "duls.fms.position.v1", UUID(int=9)
    before = [keys.day_row(day, 4, SOURCES) for day in (20_000, 20_001)]
    keys.day_row(20_002, 4, {**SOURCES, name: anew})
    keys.day_row(20_003, 4, {"another": UUID(int=1)})

    assert [2, 0] == [keys.renew_source(name, anew) for _ in range(2)]

    other = key_store(keys_url, "intake-2")
    after = [other.day_row(day, 4, SOURCES) for day in (20_000, 20_001)]
    other.close()
    assert [row._replace(sources={**SOURCES, name: anew}) for row in before] == after
    assert [
        ("another", UUID(int=1)),
        ("duls.anpr.detection.v1", UUID(int=2)),
        (name, anew),
    ] == keys.sources()
