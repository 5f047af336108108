"""What one flush brings to the database: deltas of the ledger, and what the owned partitions say of themselves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
import numpy as np

from duls.pipelines.owned_partition import OwnedPartition, now_change, now_columns
from processors.camera_counts import CameraDelta
from processors.detections import CameraRejections
from processors.ledger import LedgerDelta
from processors.ledger_merge import merged
from processors.positions import NowCounts
from processors.vehicle_table import NEVER_US
from processors.vocabulary import Outcome, Source
from sinks.flush_parts import (
    CameraHour,
    CameraRejection,
    FeedClock,
    FeedMinute,
    Flush,
    NowClock,
    NowColumns,
    OpenVisits,
    OutboxMessage,
    RejectionMinute,
    Snapshot,
)
from streams.dead_letters import DeadLetter, RejectedRows, letters_of

DEFAULT_SLOT_S = 300  # of a flush without cells, which needs some length


class RejectedDetections(NamedTuple):
    """Detections of unregistered cameras and the topic that they came from."""

    topic_id: bytes
    rows: CameraRejections


class FlushPlan(NamedTuple):
    """A flush, and the state of each zone that the database will then hold, by partition."""

    flush: Flush
    now: dict[int, NowCounts]


def plan_flush(
    partitions: Sequence[OwnedPartition],
    deltas: Mapping[int, LedgerDelta],
    rejections: Sequence[RejectedDetections],
    *,
    dead_letter_topic: str,
    with_carriers: bool,
    snapshot_of: Callable[[OwnedPartition], Snapshot | None],
) -> FlushPlan:
    """Return everything that the moved partitions bring to the database.

    Args:
        partitions: Those that moved, in order of their numbers.
        deltas: What is added, by slot length in seconds.
        rejections: Detections of unregistered cameras.
        dead_letter_topic: Where those are told of.
        with_carriers: Whether publication asks for vehicles by carrier.
        snapshot_of: The state of a partition where it is stored too, None where it is not due.
    """
    slot_s = next(iter(deltas), DEFAULT_SLOT_S)
    delta = merged(list(deltas.values())) if deltas else None
    now, clocks, change = _now_parts(partitions)
    snapshots = [snapshot_of(partition) for partition in partitions]
    flush = Flush(
        advances=[partition.advance() for partition in partitions],
        slot_s=slot_s,
        slots=None if delta is None else delta.flows["slot"],
        hours=None if delta is None else delta.flows["hour"],
        days=None if delta is None else delta.flows["day"],
        other_slots=[(length, other.flows["slot"]) for length, other in deltas.items() if length != slot_s],
        cursors=[cursor for partition in partitions for cursor in partition.cursors()],
        now=change,
        now_clocks=clocks,
        feed_clocks=[clock for partition in partitions for clock in _feed_clocks(partition)],
        feed_minutes=[] if delta is None else _feed_minutes(delta),
        rejections=[] if delta is None else _rejection_minutes(delta),
        camera_rejections=_camera_rejections(rejections),
        camera_hours=[] if delta is None else _camera_hours(delta.cameras),
        carrier_hours=delta.carriers["hour"] if delta is not None and with_carriers else None,
        carrier_days=delta.carriers["day"] if delta is not None and with_carriers else None,
        visitors=None if delta is None else delta.visitors,
        open_visits=[OpenVisits(p.number, p.state.positions.open_visits) for p in partitions],
        lost_visits=sum(partition.lost_visits for partition in partitions),
        snapshots=[snapshot for snapshot in snapshots if snapshot is not None],
        outbox=_dead_letters(rejections, dead_letter_topic),
    )
    return FlushPlan(flush, now)


def _now_parts(
    partitions: Sequence[OwnedPartition],
) -> tuple[dict[int, NowCounts], list[NowClock], NowColumns | None]:
    """Return what is in zones now by partition, its clocks, and the rows that differ from what is stored."""
    now: dict[int, NowCounts] = {}
    changes: list[NowColumns] = []
    clocks: list[NowClock] = []
    for partition in partitions:
        found = partition.now()
        if found is None:
            continue
        stream_us, now[partition.number] = found
        clocks.append(NowClock(partition.number, stream_us))
        change = now_change(partition.stored_now, now[partition.number])
        if change.zone_no.size:
            changes.append(now_columns(partition.number, change))
    columns = NowColumns._make(map(np.concatenate, zip(*changes, strict=True))) if changes else None
    return now, clocks, columns


def _feed_clocks(partition: OwnedPartition) -> list[FeedClock]:
    """Return the clocks of the feeds that a partition has heard of."""
    clocks = []
    for source in Source:
        known = [clock for clock in partition.state.clocks.values() if clock.source == source]
        if known:
            clocks.append(
                FeedClock(
                    partition.number,
                    source,
                    partition.state.stream_us(source),
                    _known_us(max(clock.last_event_us for clock in known)),
                    _known_us(max(clock.last_arrival_us for clock in known)),
                )
            )
    return clocks


def _known_us(time_us: int) -> int | None:
    """Return a time, None where there was none yet."""
    return None if time_us == NEVER_US else time_us


def _feed_minutes(delta: LedgerDelta) -> list[FeedMinute]:
    """Return counts of feeds as rows."""
    feeds = delta.feeds
    return [
        FeedMinute(source, minute_us, *counts)
        for source, minute_us, counts in zip(
            feeds.source.tolist(), feeds.minute_us.tolist(), feeds.counts.tolist(), strict=True
        )
    ]


def _rejection_minutes(delta: LedgerDelta) -> list[RejectionMinute]:
    """Return counts of rejections as rows."""
    return [
        RejectionMinute(*row) for row in zip(*(column.tolist() for column in delta.rejections), strict=True)
    ]


def _camera_hours(delta: CameraDelta) -> list[CameraHour]:
    """Return counts of cameras as rows."""
    halves = zip(delta.camera_hi.tolist(), delta.camera_lo.tolist(), strict=True)
    keys = (delta.hour_us, delta.direction, delta.vehicle_class, delta.zero_emission)
    rows = zip(*(column.tolist() for column in keys), *delta.counts.T.tolist(), strict=True)
    return [CameraHour(UUID(int=hi << 64 | lo), *row) for (hi, lo), row in zip(halves, rows, strict=True)]


def _camera_rejections(rejections: Sequence[RejectedDetections]) -> list[CameraRejection]:
    """Return how many detections each unregistered camera sent, by camera."""
    counts: dict[UUID, tuple[int, int]] = {}
    for _, rows in rejections:
        for hi, lo, event_us in zip(
            rows.camera_hi.tolist(), rows.camera_lo.tolist(), rows.event_us.tolist(), strict=True
        ):
            camera = UUID(int=hi << 64 | lo)
            count, newest_us = counts.get(camera, (0, event_us))
            counts[camera] = (count + 1, max(newest_us, event_us))
    return [CameraRejection(camera, *counted) for camera, counted in sorted(counts.items())]


def _dead_letters(rejections: Sequence[RejectedDetections], topic: str) -> list[OutboxMessage]:
    """Return where such detections stand, for people; never what they said."""
    return [
        OutboxMessage(topic, None, msgspec.json.encode(letter))
        for rejected in rejections
        for letter in _letters(rejected)
    ]


def _letters(rejected: RejectedDetections) -> Iterator[DeadLetter]:
    """Yield the letters of detections of unregistered cameras."""
    rows = rejected.rows
    reason = np.full(rows.partition.size, Outcome.UNREGISTERED_CAMERA, np.uint8)
    told = letters_of(RejectedRows(rows.partition, rows.offset, reason))
    for place, count in zip(told.places.tolist(), told.rows.tolist(), strict=True):
        yield DeadLetter(
            topic_id=rejected.topic_id.hex(),
            partition=int(rows.partition[place]),
            offset=int(rows.offset[place]),
            index=int(rows.index[place]),
            reason=Outcome.UNREGISTERED_CAMERA.name.lower(),
            rows=count,
        )
