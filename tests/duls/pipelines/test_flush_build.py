"""What a flush brings, from what partitions and ledgers say."""

import json
from uuid import UUID

import numpy as np

from duls.pipelines.flush_build import DEFAULT_SLOT_S, FlushPlan, RejectedDetections, plan_flush
from duls.pipelines.owned_partition import OwnedPartition
from processors.detections import CameraRejections
from processors.ledger import Ledger, LedgerDelta
from sinks.flush_parts import CameraRejection, FeedClock, NowClock
from streams.dead_letters import MOST_LETTERS
from tests.duls.pipelines.aggregate_entries import MIDNIGHTS_US, START_US, Seen, control, positions, progress
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process
from tests.duls.pipelines.test_aggregate import BEGIN
from tests.duls.pipelines.test_owned_partition import owned_partition


def planned(
    partitions: list[OwnedPartition],
    deltas: dict[int, LedgerDelta] | None = None,
    rejections: list[RejectedDetections] | None = None,
    *,
    with_carriers: bool = True,
) -> FlushPlan:
    """Return a plan without snapshots."""
    return plan_flush(
        partitions,
        deltas or {},
        rejections or [],
        dead_letter_topic="dead",
        with_carriers=with_carriers,
        snapshot_of=lambda _: None,
    )


def delta_with(slot_s: int) -> LedgerDelta:
    """Return what one observation of zone 1 adds under a slot length."""
    begin = [*BEGIN, control("settings", 2)] if slot_s == 60 else BEGIN
    process = Process(MemoryStore(), [[*begin, positions([Seen(0, 0.0, 0.0, 1, 5.02)]), progress(1, 60.0)]])
    process.own(0)
    process.read()
    return process.aggregate._taker.unstored().ledgers[slot_s].drain(slot_s=slot_s, midnights_us=MIDNIGHTS_US)


def test_a_flush_without_cells_has_some_slot_length() -> None:
    """The statement needs one."""
    flush = planned([owned_partition()]).flush

    assert DEFAULT_SLOT_S == flush.slot_s
    assert (None, None, None, None) == (flush.slots, flush.hours, flush.days, flush.now)


def test_cells_of_two_slot_lengths_leave_apart_and_sum_in_hours() -> None:
    """Guard 8 besides: distinct counts are added over partitions only, never over slots."""
    flush = planned([owned_partition()], {300: delta_with(300), 60: delta_with(60)}).flush

    assert 300 == flush.slot_s
    assert [60] == [slot_s for slot_s, _ in flush.other_slots]
    assert flush.hours is not None
    assert [2] == flush.hours.figures[:, 0].tolist()
    assert 2 == sum(minute.accepted for minute in flush.feed_minutes)


def test_only_what_changed_in_zones_is_brought() -> None:
    """The plan says what is stored then."""
    owned = owned_partition()

    first = planned([owned])
    owned.stored_now = first.now[4]
    second = planned([owned])

    assert [NowClock(4, START_US)] == first.flush.now_clocks == second.flush.now_clocks
    assert second.flush.now is None


def test_clocks_of_unheard_feeds_are_unknown() -> None:
    """A feed that sent only ticks has stream time and no event."""
    flush = planned([owned_partition()]).flush

    assert [FeedClock(4, 0, START_US, None, None)] == list(flush.feed_clocks)


def test_unregistered_cameras_are_counted_and_told_of_by_place() -> None:
    """What they sent is not told."""
    ids = np.array([0, 0, 0], np.uint64), np.array([7, 8, 7], np.uint64)
    rows = CameraRejections(
        np.array([2, 2, 2], np.int32),
        np.array([10, 11, 12]),
        np.array([0, 1, 0], np.int32),
        *ids,
        np.array([100, 200, 50]),
    )

    flush = planned([owned_partition()], rejections=[RejectedDetections(b"t" * 16, rows)]).flush

    assert [CameraRejection(UUID(int=7), 2, 100), CameraRejection(UUID(int=8), 1, 200)] == list(
        flush.camera_rejections
    )
    assert {"dead"} == {message.topic for message in flush.outbox}
    assert {None} == {message.key for message in flush.outbox}
    assert {
        "topic_id": (b"t" * 16).hex(),
        "partition": 2,
        "offset": 11,
        "index": 1,
        "reason": "unregistered_camera",
    } == json.loads(flush.outbox[1].value or b"")


def test_a_record_of_an_unregistered_camera_has_few_letters() -> None:
    """The last one says how many rows it stands for."""
    count = 5_000
    rows = CameraRejections(
        np.full(count, 2, np.int32),
        np.full(count, 10),
        np.arange(count, dtype=np.int32),
        np.zeros(count, np.uint64),
        np.full(count, 7, np.uint64),
        np.full(count, 100),
    )

    flush = planned([owned_partition()], rejections=[RejectedDetections(b"t" * 16, rows)]).flush

    letters = [json.loads(message.value or b"") for message in flush.outbox]
    assert MOST_LETTERS + 1 == len(letters)
    assert (MOST_LETTERS, count - MOST_LETTERS) == (letters[-1]["index"], letters[-1]["rows"])
    assert [CameraRejection(UUID(int=7), count, 100)] == list(flush.camera_rejections)


def test_snapshots_are_those_that_are_due() -> None:
    """None is left out."""
    partitions = [owned_partition(), owned_partition()]
    snapshot = partitions[1].snapshot()

    flush = plan_flush(
        partitions,
        {},
        [],
        dead_letter_topic="dead",
        with_carriers=True,
        snapshot_of=lambda owned: snapshot if owned is partitions[1] else None,
    ).flush

    assert [snapshot] == list(flush.snapshots)


def test_vehicles_by_carrier_leave_only_where_publication_asks_for_them() -> None:
    """What nobody needs is not stored."""
    delta = {300: delta_with(300)}
    asked = planned([owned_partition()], delta).flush
    assert asked.carrier_hours is not None
    assert asked.carrier_days is not None
    assert ([1], [1]) == (asked.carrier_hours.vehicles.tolist(), asked.carrier_days.vehicles.tolist())

    unasked = planned([owned_partition()], delta, with_carriers=False).flush
    assert (None, None) == (unasked.carrier_hours, unasked.carrier_days)


def test_an_empty_ledger_brings_no_cells() -> None:
    """Progress alone moves offsets and clocks."""
    delta = Ledger().drain(slot_s=300, midnights_us=MIDNIGHTS_US)

    flush = planned([owned_partition()], {300: delta}).flush

    assert flush.slots is not None
    assert 0 == flush.slots.zone_no.size
    assert [] == flush.feed_minutes
