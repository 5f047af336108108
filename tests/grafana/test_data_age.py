"""The age of data on the operator's board: a feed that brings nothing is not fresh, whatever our own clocks say."""

import secrets
from collections.abc import Iterator

import pytest

from sinks.connection import Connection, open_connection
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from tests.grafana.reading import SUPPORT, asked
from tests.services.external import Database

pytestmark = pytest.mark.services

FMS, ANPR = 0, 1


@pytest.fixture(scope="module")
def migrated(timescale: Database) -> Iterator[Connection]:
    """Give a migrated database without a row."""
    url = timescale.create_database(f"ages_{secrets.token_hex(8)}")
    migrate(url)
    with open_connection(url, application_name="test") as connection:
        yield connection
    drop_database(url)


@pytest.fixture
def figures(migrated: Connection) -> Iterator[Connection]:
    """Give one transaction in it: now stands still, and what was written is gone afterwards."""
    with migrated.transaction(force_rollback=True):
        yield migrated


def clock(
    connection: Connection, source: int, taken_s: float, arrived_s: float | None, *, partition: int = 0
) -> None:
    """Let a feed be taken in up to so many seconds ago, its newest arrival lying so many seconds back."""
    connection.execute(
        "INSERT INTO core.feed_clock SELECT %s, %s, now() - make_interval(secs => %s), now(), "
        "now() - make_interval(secs => %s)",
        (partition, source, taken_s, arrived_s),
    )


def ages(connection: Connection) -> tuple[str, str]:
    """Return what the tiles of both feeds are told."""
    (sql,) = {question.sql for board in SUPPORT for question in asked(board) if "fms_age" in question.sql}
    row = connection.execute(sql.encode()).fetchone()
    assert row is not None
    return row[0], row[1]


def ago(connection: Connection, seconds: float, form: str = "HH24:MI:SS") -> str:
    """Return the wall time of so many seconds ago."""
    row = connection.execute(
        "SELECT to_char((now() - make_interval(secs => %s)) AT TIME ZONE 'Europe/Amsterdam', %s)",
        (seconds, form),
    ).fetchone()
    assert row is not None
    return str(row[0])


def test_a_feed_that_died_is_frozen_though_ticks_move_stream_time_on(figures: Connection) -> None:
    """Since its last arrival; the other feed is none the worse for it."""
    clock(figures, FMS, 1, 3 * 3_600)
    clock(figures, ANPR, 1, 2)

    assert (f"frozen {ago(figures, 3 * 3_600)}", "fresh 2") == ages(figures)


def test_a_feed_that_died_more_than_a_day_ago_is_frozen_since_a_date(figures: Connection) -> None:
    """A time alone would be taken for one of today."""
    clock(figures, ANPR, 1, 200_000)

    assert f"frozen {ago(figures, 200_000, 'DD-MM HH24:MI')}" == ages(figures)[1]


def test_figures_that_stand_still_are_frozen_though_rows_arrived_later(figures: Connection) -> None:
    """Since what is in them: positions wait five seconds for those that come out of order."""
    clock(figures, FMS, 60, 50)
    clock(figures, ANPR, 40, 35)

    assert (f"frozen {ago(figures, 65)}", f"frozen {ago(figures, 40)}") == ages(figures)


def test_an_age_is_that_of_the_older_one_up_to_thirty_seconds(figures: Connection) -> None:
    """Of the figures of positions, which are five seconds behind, and of the last detection."""
    clock(figures, FMS, 1, 1)
    clock(figures, ANPR, 1, 30)
    assert ("fresh 6", "fresh 30") == ages(figures)

    clock(figures, FMS, 1, 25, partition=1)  # it says nothing of the feed that another partition is fed
    assert ("fresh 6", "fresh 30") == ages(figures)


def test_a_feed_that_never_brought_anything_says_so(figures: Connection) -> None:
    """Ticks are no data."""
    clock(figures, FMS, 1, None)

    assert ("never", "never") == ages(figures)


def test_with_the_event_clock_the_last_arrival_is_now(figures: Connection) -> None:
    """A history that is played back is as old as its figures lie behind it."""
    figures.execute('INSERT INTO core.settings_version VALUES (1, \'{"clock": "event"}\')')
    clock(figures, FMS, 7_203, 7_200)

    assert "fresh 8" == ages(figures)[0]
