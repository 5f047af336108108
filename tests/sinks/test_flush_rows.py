"""Tests of the rows of a flush: figures and counts add up, what stands now is replaced, and nothing goes back."""

from uuid import UUID

import pytest

from processors.columns import FIGURES
from sinks.claims import Claim
from sinks.connection import Connection
from sinks.doctor import conservation
from sinks.flush import SNAPSHOT_CHUNK_BYTES, flush
from sinks.flush_parts import (
    CameraHour,
    CameraRejection,
    FeedClock,
    FeedMinute,
    Flush,
    NowClock,
    OpenVisits,
    RejectionMinute,
    Snapshot,
)
from tests.sinks.flush_values import (
    HOUR_US,
    SLOT_S,
    SLOT_US,
    START_DAY,
    START_US,
    TOPIC,
    advance,
    cells,
    now_columns,
    rows_of,
    visits,
)

pytestmark = pytest.mark.services


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


def test_a_snapshot_replaces_the_one_before(connection: Connection, claims: dict[int, Claim]) -> None:
    """A long one comes in pieces; none of an earlier, longer one stays."""
    long = Snapshot(TOPIC, 0, 1, 7, bytes(SNAPSHOT_CHUNK_BYTES) + b"end")
    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, snapshots=[long]), 1)
    pieces = rows_of(connection, "SELECT octet_length(data) FROM core.snapshot_chunk ORDER BY chunk_no")
    flush(connection, Flush([advance(claims, 0, 1, 2)], SLOT_S, snapshots=[long._replace(data=b"s")]), 2)

    assert [(SNAPSHOT_CHUNK_BYTES,), (3,)] == pieces
    assert [(b"s",)] == rows_of(connection, "SELECT data FROM core.snapshot_chunk")


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
