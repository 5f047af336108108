"""Tests of the flush transaction: it adds, replaces, fences, and does all of it or nothing."""

from collections.abc import Callable
from threading import Barrier, Thread
from uuid import UUID

import numpy as np
import psycopg
import pytest

from duls.errors import FencedError, RefusedError
from processors.columns import FIGURES, CarrierDelta, VisitorDelta
from sinks.claims import Claim, claim
from sinks.connection import Connection, open_connection
from sinks.doctor import conservation
from sinks.flush import SNAPSHOT_CHUNK_BYTES, flush, prepare_session
from sinks.flush_parts import (
    CameraHour,
    CameraRejection,
    Cursor,
    FeedClock,
    FeedMinute,
    Flush,
    NowClock,
    OpenVisits,
    OutboxMessage,
    RejectionMinute,
    Snapshot,
)
from sinks.queries import query
from tests.sinks.flush_values import (
    HOUR_US,
    RAW,
    SLOT_S,
    SLOT_US,
    START_DAY,
    START_US,
    TOPIC,
    advance,
    cells,
    now_columns,
    visits,
)

pytestmark = pytest.mark.services

MINUTE_US = 60_000_000
FREEZE = (
    "source",
    "day",
    "zone_version",
    "camera_version",
    "k",
    "carriers",
    "guests",
    "hour_cells",
    "hour_cells_ok",
    "day_cells",
    "day_cells_ok",
    "counted",
)


@pytest.fixture
def claims(connection: Connection) -> dict[int, Claim]:
    """Claim two partitions at offset 0 on a session that is ready to flush."""
    prepare_session(connection)
    return claim(connection, TOPIC, [0, 1], {0: 0, 1: 0})


def cursor_at(next_offset: int, next_index: int = 0) -> Cursor:
    """Return a cursor of partition 0 over raw partition 5."""
    return Cursor(TOPIC, 0, RAW, 5, 0, next_offset, next_index, START_US)


def rows_of(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Return all rows of a statement."""
    return connection.execute(statement.encode()).fetchall()


def test_figures_of_the_same_cell_add_up(connection: Connection, claims: dict[int, Claim]) -> None:
    """Every figure of every grain is the sum of what the flushes brought."""
    for number, figure in ((1, 3), (2, 4)):
        hours = cells([1, 2], START_US, figure)
        days = cells([1, 2], START_DAY, figure)
        move = advance(claims, 0, (number - 1) * 10, number * 10)
        flush(connection, Flush([move], SLOT_S, hours, hours, days), number)

    figures = ", ".join(FIGURES)
    for table in ("flow_slot", "flow_hour", "flow_day"):
        rows = rows_of(connection, f"SELECT zone_no, {figures} FROM core.{table} ORDER BY zone_no")  # noqa: S608  # names of this file
        assert [(1, *(7,) * 14), (2, *(7,) * 14)] == rows


def test_a_flush_of_another_epoch_changes_nothing(connection: Connection, claims: dict[int, Claim]) -> None:
    """A process whose partition was taken over is fenced, also when only one of two was."""
    claim(connection, TOPIC, [1], {0: 0, 1: 0})
    moves = [advance(claims, 0, 0, 5), advance(claims, 1, 0, 5)]

    with pytest.raises(FencedError, match=r"\[1\]"):
        flush(connection, Flush(moves, SLOT_S, cells([1], START_US)), 1)

    assert [(0,)] == rows_of(connection, "SELECT count(*) FROM core.flow_slot")
    assert [(0,), (0,)] == rows_of(connection, "SELECT next_offset FROM core.observation_offset")


def test_a_flush_from_another_offset_changes_nothing(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Compare-and-set: an expected offset that is not the stored one is a fence too."""
    with pytest.raises(FencedError, match=r"\[0\]"):
        flush(connection, Flush([advance(claims, 0, 3, 5)], SLOT_S, cells([1], START_US)), 1)

    assert [(0,)] == rows_of(connection, "SELECT count(*) FROM core.flow_slot")


def test_present_counts_are_replaced_and_empty_ones_go(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """The view sums partitions and shows no combination without vehicles."""
    first = Flush([advance(claims, 0, 0, 1)], SLOT_S, now=now_columns([1, 2, 0], [0, 5, 0]))
    second = Flush([advance(claims, 0, 1, 2)], SLOT_S, now=now_columns([7, 0], [1, 0]))
    flush(connection, first._replace(now_clocks=[NowClock(0, START_US)]), 1)
    flush(connection, second._replace(now_clocks=[NowClock(0, START_US - 1), NowClock(1, START_US)]), 2)

    rows = rows_of(connection, "SELECT zone_no, present, silent FROM core.zone_now_part")
    clocks = rows_of(
        connection, "SELECT partition, core.microseconds(as_of) FROM core.now_clock ORDER BY partition"
    )

    assert [(1, 7, 1)] == rows
    assert [(0, START_US), (1, START_US)] == clocks


def test_visits_that_will_never_end_are_counted_as_closed(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Opened less closed stays what is open, flush by flush."""
    opened = Flush(
        [advance(claims, 0, 0, 1)], SLOT_S, days=visits(START_DAY, 5, 1), open_visits=[OpenVisits(0, 4)]
    )
    lost = Flush([advance(claims, 0, 1, 2)], SLOT_S, open_visits=[OpenVisits(0, 1)], lost_visits=3)
    flush(connection, opened, 1)
    flush(connection, lost, 2)

    assert (5, 4, 1) == conservation(connection)


def test_small_rows_are_added_or_move_forward(connection: Connection, claims: dict[int, Claim]) -> None:
    """Counts add up, clocks never go back, open visits are the newest."""
    camera = UUID(int=9)
    for number, event_us in ((1, START_US), (2, START_US - 5)):
        parts = Flush(
            [advance(claims, 0, number - 1, number)],
            SLOT_S,
            feed_clocks=[FeedClock(0, 0, event_us, event_us, None), FeedClock(0, 1, None, None, None)],
            feed_minutes=[FeedMinute(0, START_US, 7, 6, 5, 4, 3, 2, 1)] * 2,
            rejections=[RejectionMinute(0, START_US, 17, 2)],
            camera_rejections=[CameraRejection(camera, 3, event_us)],
            open_visits=[OpenVisits(0, number)],
        )
        flush(connection, parts, number)

    assert [(28, 24, 20, 16, 12, 8, 4)] == rows_of(
        connection,
        "SELECT accepted, taken, rejected, duplicates, out_of_order, late, low_confidence "
        "FROM core.feed_minute",
    )
    assert [(17, 4)] == rows_of(connection, "SELECT reason, rows FROM core.rejection_minute")
    assert [(camera, 6, START_US)] == rows_of(
        connection,
        "SELECT camera_id, detections, core.microseconds(last_event_time) FROM core.camera_rejection",
    )
    assert [(2,)] == rows_of(connection, "SELECT open_visits FROM core.open_visit")
    assert [(0, START_US, START_US, None), (1, None, None, None)] == rows_of(
        connection,
        "SELECT source, core.microseconds(stream_time), core.microseconds(last_event_time), last_arrival "
        "FROM core.feed_clock ORDER BY source",
    )


def test_hours_of_cameras_add_up_and_show_their_words(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """What ended before the retention horizon stays gone."""
    camera, hour_us = UUID(int=9), START_US // HOUR_US * HOUR_US
    connection.execute(
        "INSERT INTO core.retention_horizon VALUES ('camera_hour', core.instant(%s))", [hour_us]
    )
    for number in (1, 2):
        hours = [
            CameraHour(camera, hour_us, 1, 3, 0, 5, number),
            CameraHour(camera, hour_us - HOUR_US, 1, 3, 0, 5, 5),
        ]
        flush(connection, Flush([advance(claims, 0, number - 1, number)], SLOT_S, camera_hours=hours), number)

    assert [(camera, None, hour_us, "reverse", "N1", "yes", 10, 3)] == rows_of(
        connection,
        "SELECT camera_id, camera_name, core.microseconds(hour_start), direction, vehicle_class, zero_emission, "
        "passages, vehicles FROM live.camera_flow_hour",
    )


def test_a_cursor_never_goes_back(connection: Connection, claims: dict[int, Claim]) -> None:
    """A flush that would move one back is refused as a whole; standing still is allowed."""
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, cursors=[cursor_at(10, 3)]), 1)
    flush(connection, Flush([advance(claims, 0, 1, 2)], SLOT_S, cursors=[cursor_at(10, 3)]), 2)

    with pytest.raises(RefusedError, match="go back"):
        flush(connection, Flush([advance(claims, 0, 2, 3)], SLOT_S, cursors=[cursor_at(10, 2)]), 3)

    stored = rows_of(connection, "SELECT next_offset, next_index FROM core.source_cursor")
    offset = rows_of(connection, "SELECT next_offset FROM core.observation_offset WHERE partition = 0")
    assert [(10, 3)] == stored
    assert [(2,)] == offset


def test_a_snapshot_replaces_the_one_before(connection: Connection, claims: dict[int, Claim]) -> None:
    """A long one comes in pieces; none of an earlier, longer one stays."""
    long = Snapshot(TOPIC, 0, 1, 7, bytes(SNAPSHOT_CHUNK_BYTES) + b"end")
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, snapshots=[long]), 1)
    pieces = rows_of(connection, "SELECT octet_length(data) FROM core.snapshot_chunk ORDER BY chunk_no")
    flush(connection, Flush([advance(claims, 0, 1, 2)], SLOT_S, snapshots=[long._replace(data=b"s")]), 2)

    assert [(SNAPSHOT_CHUNK_BYTES,), (3,)] == pieces
    assert [(b"s",)] == rows_of(connection, "SELECT data FROM core.snapshot_chunk")


def test_an_error_after_the_offsets_moved_changes_nothing(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Offsets and figures are one transaction at every failpoint before COMMIT."""
    parts = Flush(
        [advance(claims, 0, 0, 1)],
        SLOT_S,
        cells([1], START_US),
        outbox=[OutboxMessage("t", None, b"v")],
    )
    for place in ("flush-before-transaction", "flush-after-offsets", "flush-before-commit"):
        with pytest.raises(ZeroDivisionError):
            flush(connection, parts, 1, failing_at(place))

    for table in ("flow_slot", "outbox"):
        assert [(0,)] == rows_of(connection, f"SELECT count(*) FROM core.{table}")  # noqa: S608  # names of this file
    assert [(0,), (0,)] == rows_of(connection, "SELECT next_offset FROM core.observation_offset")


def failing_at(place: str) -> Callable[[str], None]:
    """Return a failpoint that raises at one place."""

    def fail(name: str) -> None:
        """Raise at the place."""
        if name == place:
            raise ZeroDivisionError

    return fail


def test_empty_parts_cost_no_statement(
    connection: Connection, claims: dict[int, Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flush that only moves offsets runs two statements, and twice one that does nothing."""
    statements: list[object] = []
    execute = Connection.execute

    def counted(self: Connection, statement: object, *rest: object) -> object:
        """Count and run."""
        statements.append(statement)
        return execute(self, statement, *rest)  # type: ignore[call-overload]  # passes on what it got

    monkeypatch.setattr("psycopg.Connection.execute", counted)
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, cells([], START_US)), 1)

    assert len(statements) == 4


def test_rows_are_written_in_the_order_of_their_keys(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Whatever the order given: processes that lock rows in different orders wait for each other for ever."""
    zones = list(range(400, 0, -1))
    slots, hours = cells(zones, START_US), cells(zones, START_US // HOUR_US * HOUR_US)

    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, slots, hours, cells(zones, START_DAY)), 1)

    for table in ("flow_slot", "flow_hour", "flow_day"):
        written = rows_of(connection, f"SELECT zone_no FROM core.{table} ORDER BY tableoid, ctid")  # noqa: S608  # names of this file
        assert [(zone,) for zone in sorted(zones)] == written


def test_stored_offsets_are_read_after_a_flush_that_may_still_be_finishing(
    figures_url: str, connection: Connection, claims: dict[int, Claim]
) -> None:
    """Whoever has lost a connection during COMMIT must wait for the outcome, else it would count twice."""
    move = advance(claims, 0, 0, 1)
    asked = {"topic_id": move.topic_id, "partitions": [0]}
    with open_connection(figures_url, application_name="test") as other:
        other.execute("SET lock_timeout = '50ms'")

        def look(name: str) -> None:
            """Read the offsets while the transaction of the flush is open."""
            if name == "flush-before-commit":
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute(query("progress", "lock_offsets"), asked)

        flush(connection, Flush([move], SLOT_S), 1, look)

        assert [(0, 1)] == [row[:2] for row in other.execute(query("progress", "lock_offsets"), asked)]


def test_concurrent_flushes_of_the_same_cells_do_not_deadlock(
    figures_url: str, connection: Connection, claims: dict[int, Claim]
) -> None:
    """Rows given in opposite orders are locked in the same one."""
    zones = list(range(1, 400))
    rounds = 10
    together = Barrier(2)
    errors: list[Exception] = []

    def work(partition: int, order: list[int]) -> None:
        """Flush the cells of one process again and again."""
        with open_connection(figures_url, application_name="test") as own:
            prepare_session(own)
            for number in range(1, rounds + 1):
                together.wait(60)
                slots, hours = cells(order, START_US), cells(order, START_US // HOUR_US * HOUR_US)
                move = advance(claims, partition, number - 1, number)
                try:
                    flush(own, Flush([move], SLOT_S, slots, hours, cells(order, START_DAY)), number)
                except Exception as error:  # noqa: BLE001  # reported by the test
                    errors.append(error)

    threads = [Thread(target=work, args=(0, zones)), Thread(target=work, args=(1, zones[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == errors
    assert [(2 * rounds * len(zones),)] == rows_of(
        connection, "SELECT sum(observations)::bigint FROM core.flow_slot"
    )


def test_a_slot_that_ended_at_the_horizon_is_not_written(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """What retention removed never comes back as a remnant; the coarser cells still grow."""
    connection.execute(
        "INSERT INTO core.retention_horizon VALUES ('flow_slot', core.instant(%s))", [START_US + SLOT_US]
    )
    slots = cells([1], START_US)
    later = slots._replace(bucket=slots.bucket + SLOT_US)

    hours = cells([1], START_US // HOUR_US * HOUR_US)
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, slots, hours), 1)
    flush(connection, Flush([advance(claims, 0, 1, 2)], SLOT_S, later, hours), 2)

    starts = rows_of(connection, "SELECT core.microseconds(slot_start), observations FROM core.flow_slot")
    assert [(START_US + SLOT_US, 1)] == starts
    assert [(2,)] == rows_of(connection, "SELECT observations FROM core.flow_hour")


def vehicles_of(carrier: int, vehicles: int, bucket: int) -> CarrierDelta:
    """Return vehicles of a carrier in zone 4."""
    return CarrierDelta(
        np.array([4], np.int32),
        np.array([bucket], np.int64),
        np.array([3], np.uint8),
        np.array([1], np.uint8),
        np.array([carrier], np.uint32),
        np.array([vehicles], np.int64),
    )


def test_vehicles_of_carriers_add_up_until_their_day_is_published(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Nobody asks for them afterwards, so what comes later is not kept; nor is what retention has taken away."""
    hour_us = START_US // HOUR_US * HOUR_US
    connection.execute(
        "INSERT INTO core.retention_horizon VALUES ('carrier_hour', core.instant(%s))", [hour_us - HOUR_US]
    )
    for number in (1, 2, 3):
        if number == 3:
            values = dict.fromkeys(FREEZE, 0) | {"day": START_DAY}
            assert connection.execute(query("publication", "freeze"), values).fetchall()
        old = vehicles_of(7, 1, hour_us - 2 * HOUR_US)
        parts = Flush(
            [advance(claims, 0, number - 1, number)],
            SLOT_S,
            carrier_hours=CarrierDelta._make(
                map(np.concatenate, zip(old, vehicles_of(2**32 - 1, 2, hour_us), strict=True))
            ),
            carrier_days=vehicles_of(7, number, START_DAY),
        )
        flush(connection, parts, number)

    hours = "SELECT zone_no, core.microseconds(hour_start), vehicle_class, carrier, vehicles FROM core.carrier_hour"
    days = "SELECT zone_no, day - date '1970-01-01', vehicle_class, carrier, vehicles FROM core.carrier_day"
    assert [(4, hour_us, 3, 2**32 - 1, 4)] == rows_of(connection, hours)
    assert [(4, START_DAY, 3, 7, 3)] == rows_of(connection, days)


def visitors_of(month: int, *came: tuple[int, int]) -> VisitorDelta:
    """Return that vehicles, given as pseudonym and days, came to zone 4."""
    rows = len(came)
    return VisitorDelta(
        np.full(rows, month, np.int32),
        np.full(rows, 4, np.int32),
        np.array([visitor for visitor, _ in came], np.uint64),
        np.array([days for _, days in came], np.int32),
        np.ones(rows, np.bool_),
        np.full(rows, 8, np.uint8),
        np.full(rows, 2, np.uint8),
    )


def test_days_of_visitors_are_put_together_until_their_month_is_published(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """A day that comes again changes nothing; nobody asks for what comes later, nor for what retention took away."""
    june, july = 20_605, 20_635
    connection.execute("INSERT INTO core.retention_horizon VALUES ('visitor', '2026-06-01T00:00:00+02:00')")
    last = 2**64 - 1
    given = [
        visitors_of(june, (1, 0b1), (last, 0b100)),
        visitors_of(june, (1, 0b11), (last, 1 << 29)),
        visitors_of(june - 31, (1, 0b1)),
        visitors_of(july, (1, 0b1)),
        visitors_of(june, (1, 0b1000), (5, 0b1)),
    ]
    for number, came in enumerate(given, start=1):
        if number == len(given):
            connection.execute(
                "INSERT INTO core.visitor_publication VALUES ('2026-06-01', now(), 1, 10, 3, 1, 0, 1, 1)"
            )
        flush(connection, Flush([advance(claims, 0, number - 1, number)], SLOT_S, visitors=came), number)

    stored = "SELECT month::text, zone_no, visitor, days, at_home, branch, company_size FROM core.visitor"
    assert [
        ("2026-06-01", 4, -1, 1 << 29 | 0b100, 1, 8, 2),
        ("2026-06-01", 4, 1, 0b11, 1, 8, 2),
        ("2026-07-01", 4, 1, 0b1, 1, 8, 2),
    ] == rows_of(connection, f"{stored} ORDER BY 1, 3")
