"""Tests of month keys: made once, wrapped for their month only, audited, destroyed by the clock of their database."""

import secrets
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from duls.errors import ConfigError
from sinks.connection import Connection, open_connection
from sinks.keys import EPOCH_DAY, KeyStore
from sinks.month_keys import MonthKeyStore
from sinks.patience import Patience

pytestmark = pytest.mark.services

MASTER = bytes(range(32))
EIGHT_DAYS_US = 8 * 86_400_000_000


def month_keys(url: str, reader: str = "intake-1", master: bytes = MASTER) -> MonthKeyStore:
    """Return a store as an intake process has one."""
    return MonthKeyStore(
        url, master, reader=reader, random_bytes=secrets.token_bytes, patience=Patience(20.0)
    )


@pytest.fixture
def keys(keys_url: str) -> Iterator[MonthKeyStore]:
    """Give a store on an empty keys database."""
    store = month_keys(keys_url)
    yield store
    store.close()


@pytest.fixture
def other(keys_url: str) -> Iterator[MonthKeyStore]:
    """Give the store of another process."""
    store = month_keys(keys_url, "intake-2")
    yield store
    store.close()


@pytest.fixture
def database(keys_url: str) -> Iterator[Connection]:
    """Give a connection to the keys database."""
    with open_connection(keys_url, application_name="test") as opened:
        yield opened


def number(month: date) -> int:
    """Return the first day of a month as its number."""
    return (month - EPOCH_DAY).days


def this_month(database: Connection) -> date:
    """Return the first day of the local month of the database's clock."""
    rows = database.execute(
        "SELECT date_trunc('month', now() AT TIME ZONE 'Europe/Amsterdam')::date"
    ).fetchall()
    found = rows[0][0]
    assert isinstance(found, date)
    return found


def test_all_processes_have_one_key_a_month(keys: MonthKeyStore, other: MonthKeyStore) -> None:
    """Random, of 256 bits, another one each month."""
    june, july = number(date(2026, 6, 1)), number(date(2026, 7, 1))

    first = keys.month_key(june)

    assert first is not None
    assert 32 == len(first)
    assert first == other.month_key(june)
    assert first != other.month_key(july)


def test_a_key_is_bound_to_its_month_and_its_master(
    keys: MonthKeyStore, database: Connection, keys_url: str
) -> None:
    """The key of another month or of a day cannot stand in for it."""
    june = number(date(2026, 6, 1))
    keys.month_key(june)
    stranger = month_keys(keys_url, master=bytes(32))
    with pytest.raises(ConfigError, match="the month 2026-06 was wrapped by another master key"):
        stranger.month_key(june)
    stranger.close()

    database.execute(
        "INSERT INTO keys.month_row SELECT '2026-05-01', wrapped_key, now(), now() FROM keys.month_row"
    )
    with pytest.raises(ConfigError, match="2026-05"):
        keys.month_key(number(date(2026, 5, 1)))


def test_a_key_lasts_eight_days_longer_than_its_month(keys: MonthKeyStore, database: Connection) -> None:
    """Of a month that is long past, eight days from its making."""
    month = this_month(database)
    for known in (month, date(2025, 1, 1)):
        keys.month_key(number(known))

    past, current = keys.ages()

    assert EIGHT_DAYS_US == past.destroy_after_us - past.made_us
    ends = database.execute(
        "SELECT (extract(epoch FROM (%s::date + interval '1 month')::timestamp AT TIME ZONE 'Europe/Amsterdam')"
        " * 1000000)::bigint",
        [month],
    ).fetchall()
    assert int(ends[0][0]) + EIGHT_DAYS_US == current.destroy_after_us
    assert [number(date(2025, 1, 1)), number(month)] == [past.day, current.day]


def test_an_expired_key_is_destroyed_for_every_process_and_not_made_again(
    keys: MonthKeyStore, other: MonthKeyStore, database: Connection
) -> None:
    """And everything that was done is written down."""
    june = number(date(2026, 6, 1))
    for store in (keys, other):
        store.month_key(june)
    assert [] == keys.destroy_expired()

    database.execute("UPDATE keys.month_row SET destroy_after = now() - interval '1 second'")
    assert keys.ages()[0].is_overdue
    assert [june] == keys.destroy_expired()

    assert [] == other.destroy_expired()
    assert keys.month_key(june) is None is other.month_key(june)
    assert not keys.ages()[0].has_key
    done = database.execute(
        "SELECT kind, day::text, event, reader FROM keys.key_audit ORDER BY id"
    ).fetchall()
    assert [
        ("month", "2026-06-01", event, reader)
        for event, reader in (
            ("made", "intake-1"),
            ("read", "intake-1"),
            ("read", "intake-2"),
            ("destroyed", "intake-1"),
        )
    ] == done


def test_all_keys_are_destroyed_where_months_are_not_asked_for(
    keys: MonthKeyStore, other: MonthKeyStore, keys_url: str
) -> None:
    """Days keep theirs."""
    days = KeyStore(
        keys_url, MASTER, reader="intake-1", random_bytes=secrets.token_bytes, patience=Patience(20.0)
    )
    today = number(date(2026, 6, 1)) + timedelta(days=3).days
    days.day_row(today, 1, {})
    known = [number(date(2026, month, 1)) for month in (6, 7)]
    for month in known:
        keys.month_key(month)

    assert known == other.destroy_all()

    assert [] == other.destroy_all() == keys.destroy_expired()
    assert {None} == {keys.month_key(month) for month in known}
    assert [True] == [age.has_key for age in days.ages()]
    days.close()
