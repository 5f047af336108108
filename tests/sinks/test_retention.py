"""Tests of retention: nothing stays too long, nothing young goes, nothing comes back."""

from collections.abc import Callable

import numpy as np
import pytest

from duls.app.tokens import LONGEST_DAYS
from sinks.claims import claim
from sinks.connection import Connection, open_connection
from sinks.doctor import conservation, oldest_figures
from sinks.flush import flush, prepare_session
from sinks.flush_parts import FeedClock, FeedMinute, Flush, OpenVisits
from sinks.retention import Removal, Retention, reference_us, sweep
from tests.sinks.flush_values import (
    DAY_US,
    HOUR_US,
    SLOT_S,
    SLOT_US,
    START_DAY,
    START_US,
    TOPIC,
    advance,
    cells,
    visits,
)

pytestmark = pytest.mark.services

Write = Callable[..., None]


@pytest.fixture
def write(connection: Connection) -> Write:
    """Give a function that flushes parts of a flush, one after another."""
    prepare_session(connection)
    claims = claim(connection, TOPIC, [0], {0: 0})
    done: list[int] = []

    def flush_next(**parts: object) -> None:
        """Flush *parts* under the next offset."""
        number = len(done)
        done.append(number)
        moves = [advance(claims, 0, number, number + 1)]
        flush(connection, Flush(moves, SLOT_S, **parts), number + 1)  # type: ignore[arg-type] # parts by name

    return flush_next


def removal_of(removals: list[Removal], table: str) -> Removal:
    """Return what a sweep did to one table."""
    return next(removal for removal in removals if removal.table == table)


def starts_us(connection: Connection, table: str, column: str) -> list[int]:
    """Return the distinct buckets of a table in microseconds."""
    rows = connection.execute(
        f"SELECT DISTINCT core.microseconds({column}) FROM core.{table} ORDER BY 1".encode()  # noqa: S608  # names of this file
    ).fetchall()
    return [row[0] for row in rows]


def test_each_grain_goes_at_its_age_exactly(connection: Connection, write: Write) -> None:
    """A bucket goes when its end is at the horizon, not before, within a chunk and over many."""
    for back in range(300):
        start = START_US - back * 50 * SLOT_US
        write(slots=cells([1], start), hours=cells([1], start // HOUR_US * HOUR_US))
    reference = START_US + SLOT_US

    removals = sweep(connection, Retention(), reference)

    starts = [START_US - back * 50 * SLOT_US for back in reversed(range(300))]
    hours = sorted({start // HOUR_US * HOUR_US for start in starts})
    young_slots = [start for start in starts if start + SLOT_US > reference - 2 * DAY_US]
    young_hours = [hour for hour in hours if hour + HOUR_US > reference - 8 * DAY_US]
    assert young_slots == starts_us(connection, "flow_slot", "slot_start")
    assert young_hours == starts_us(connection, "flow_hour", "hour_start")
    slot_removal = removal_of(removals, "flow_slot")
    assert slot_removal.chunks > 10 or not has_timescale(connection)
    assert slot_removal.horizon_us == reference - 2 * DAY_US


def has_timescale(connection: Connection) -> bool:
    """Tell whether the server under test has TimescaleDB."""
    return bool(connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchall())


def test_days_go_at_local_midnight(connection: Connection, write: Write) -> None:
    """A day that ends at 23:00 UTC is gone from then on, not an hour later."""
    day_end_us = (START_DAY + 1) * DAY_US - HOUR_US  # November: one hour ahead of UTC
    write(days=visits(START_DAY, 1, 1))

    sweep(connection, Retention(live_s=0), day_end_us - 1)
    before = connection.execute("SELECT count(*) FROM core.flow_day").fetchall()
    sweep(connection, Retention(live_s=0), day_end_us)
    after = connection.execute("SELECT count(*) FROM core.flow_day").fetchall()

    assert [(1,)] == before
    assert [(0,)] == after


def test_the_law_of_visits_survives_removal(connection: Connection, write: Write) -> None:
    """Removed days and days that come too late to be written are remembered, each once."""
    write(days=visits(START_DAY, 7, 2), open_visits=[OpenVisits(0, 5)])
    write(days=visits(START_DAY - 30, 3, 1), open_visits=[OpenVisits(0, 7)])
    assert conservation(connection).holds

    for _ in range(2):
        sweep(connection, Retention(), START_US)
    assert conservation(connection).holds

    write(days=visits(START_DAY - 20, 4, 1), open_visits=[OpenVisits(0, 10)])
    law = conservation(connection)
    assert (law.opened, law.closed, law.open_visits) == (14, 4, 10)
    assert [(1,)] == connection.execute("SELECT count(*) FROM core.flow_day").fetchall()


def test_visitors_go_forty_days_after_their_month_began(connection: Connection) -> None:
    """Whether the month was published or not."""
    connection.execute(
        "INSERT INTO core.visitor VALUES ('2026-06-01', 1, 2, 3, 0, 0, 0), ('2026-07-01', 1, 2, 3, 0, 0, 0)"
    )
    begin_us = 20_605 * DAY_US - 2 * HOUR_US  # June in Amsterdam: two hours ahead of UTC
    months = "SELECT month::text FROM core.visitor ORDER BY 1"

    sweep(connection, Retention(), begin_us + 40 * DAY_US)
    before = connection.execute(months.encode()).fetchall()
    sweep(connection, Retention(), begin_us + 41 * DAY_US)

    assert [("2026-06-01",), ("2026-07-01",)] == before
    assert [("2026-07-01",)] == connection.execute(months.encode()).fetchall()


def test_a_broken_law_is_noticed(connection: Connection, write: Write) -> None:
    """A lost exit shows."""
    write(days=visits(START_DAY, 7, 2), open_visits=[OpenVisits(0, 4)])

    assert not conservation(connection).holds


def test_a_horizon_never_moves_back(connection: Connection, write: Write) -> None:
    """A clock that was set back, or a longer retention, brings no remnants."""
    sweep(connection, Retention(), START_US)
    removals = sweep(connection, Retention(), START_US - DAY_US)
    write(slots=cells([1], START_US - 3 * DAY_US))

    assert removal_of(removals, "flow_slot").horizon_us == START_US - 2 * DAY_US
    assert [] == starts_us(connection, "flow_slot", "slot_start")
    oldest = {figure.table: figure for figure in oldest_figures(connection)}
    assert oldest["flow_slot"].horizon_us == START_US - 2 * DAY_US


def test_a_sweep_waits_for_a_running_flush(connection: Connection, figures_url: str) -> None:
    """Horizons cannot move between a flush's look at them and its commit."""
    prepare_session(connection)
    claims = claim(connection, TOPIC, [0], {0: 0})

    def sweep_meanwhile(name: str) -> None:
        """Try to sweep while the flush is open."""
        if name == "flush-before-commit":
            with open_connection(figures_url, application_name="test") as other:
                other.execute("SET lock_timeout = '100ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    sweep(other, Retention(), START_US + 10 * DAY_US)

    parts = Flush([advance(claims, 0, 0, 1)], SLOT_S, cells([1], START_US))
    flush(connection, parts, 1, sweep_meanwhile)

    assert [START_US] == starts_us(connection, "flow_slot", "slot_start")


def test_minutes_of_feeds_go_too(connection: Connection, write: Write) -> None:
    """They are kept as long as hours and days."""
    for age_days in (0, 9):
        minute = FeedMinute(0, START_US - age_days * DAY_US, *np.ones(7, int).tolist())
        write(feed_minutes=[minute])

    sweep(connection, Retention(), START_US)

    assert [START_US] == starts_us(connection, "feed_minute", "minute")


def test_ages_count_from_the_clock_that_is_set(connection: Connection, write: Write) -> None:
    """With the event clock imported history is as old as the stream says."""
    assert reference_us(connection, "event") is None
    write(feed_clocks=[FeedClock(0, 0, START_US, None, None), FeedClock(0, 1, None, None, None)])

    assert reference_us(connection, "event") == START_US
    wall = reference_us(connection, "arrival")
    assert wall is not None
    assert wall > 1_700_000_000_000_000


def test_published_months_go_when_they_ended_before_the_horizon(connection: Connection) -> None:
    """The running month of the horizon stays whole."""
    for month in ("2026-09-01", "2026-10-01", "2026-11-01"):
        connection.execute(
            "INSERT INTO core.published_camera_month (camera_id, month) VALUES (gen_random_uuid(), %s)",
            [month],
        )

    removals = sweep(connection, Retention(history_s=40 * 86_400), START_US)

    assert (
        1 == removal_of(removals, "published_camera_month").rows
    )  # 40 days before 23 November is in October
    rows = connection.execute("SELECT month::text FROM core.published_camera_month ORDER BY 1").fetchall()
    assert [("2026-10-01",), ("2026-11-01",)] == rows


def test_the_access_log_goes_by_the_wall_clock(connection: Connection) -> None:
    """Also where figures have the clock of their events: people read today, whatever year is imported."""
    connection.execute(
        "INSERT INTO core.access_log (at, route, parameters, rows)"
        " SELECT now() - make_interval(days => days), '/v1/now', '{}', 1 FROM unnest(ARRAY[364, 366]) AS days"
    )

    removed = removal_of(sweep(connection, Retention(), START_US), "access_log")

    assert 1 == removed.rows
    assert [(1,)] == connection.execute("SELECT count(*) FROM core.access_log").fetchall()


def test_a_revoked_token_is_forgotten_once_it_has_expired(connection: Connection) -> None:
    """By the wall clock; not before one that was issued just before it was revoked, for the longest time."""
    connection.execute(
        "INSERT INTO core.revoked_token (token_id, revoked_at, revoked_by)"
        " SELECT gen_random_uuid(), now() - make_interval(days => days), 'x' FROM unnest(%s::integer[]) AS days",
        ([LONGEST_DAYS, LONGEST_DAYS + 2],),
    )

    removed = removal_of(sweep(connection, Retention(), START_US), "revoked_token")

    assert 1 == removed.rows
    assert Retention().revoked_s > LONGEST_DAYS * 86_400
    assert [(1,)] == connection.execute("SELECT count(*) FROM core.revoked_token").fetchall()
