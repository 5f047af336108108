"""What one flush brings to the database, as plain values.

Times are microseconds since 1970 UTC; codes are those of `processors.vocabulary`. *Additive* rows are added
to what is stored; the others replace it.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from processors.columns import CarrierDelta, FlowDelta, Int32Array, Int64Array, UInt8Array, VisitorDelta


class PartitionAdvance(NamedTuple):
    """Progress of one observation partition: moved only if offset and epoch are as expected."""

    topic_id: UUID
    partition: int
    expected_offset: int
    next_offset: int
    epoch: int


class Cursor(NamedTuple):
    """The row of a source partition that an observation partition expects next."""

    topic_id: UUID
    partition: int
    source_topic_id: UUID
    source_partition: int
    source: int
    next_offset: int
    next_index: int
    arrival_us: int


class NowColumns(NamedTuple):
    """Present and silent vehicles; each row replaces its (partition, zone, class, emission)."""

    partition: Int32Array
    zone_no: Int32Array
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    present: Int64Array  # both 0: the row is deleted
    silent: Int64Array


class NowClock(NamedTuple):
    """Stream time that the present and silent counts of a partition stand at."""

    partition: int
    as_of_us: int


class FeedClock(NamedTuple):
    """Clocks of a feed in a partition; None where unknown; stored clocks never go back."""

    partition: int
    source: int
    stream_time_us: int | None
    last_event_us: int | None
    last_arrival_us: int | None


class FeedMinute(NamedTuple):
    """What became of rows that arrived in one minute; additive."""

    source: int
    minute_us: int
    accepted: int
    taken: int
    rejected: int
    duplicates: int
    out_of_order: int
    late: int
    low_confidence: int


class RejectionMinute(NamedTuple):
    """Rejected rows of one reason in one minute of arrival; additive."""

    source: int
    minute_us: int
    reason: int  # Outcome code
    rows: int


class CameraRejection(NamedTuple):
    """Detections of a camera that no registry knows; additive."""

    camera_id: UUID
    detections: int
    last_event_us: int


class CameraHour(NamedTuple):
    """Detections taken of one camera in one UTC hour; additive."""

    camera_id: UUID
    hour_us: int
    direction: int  # Direction code
    vehicle_class: int
    zero_emission: int
    passages: int
    vehicles: int


class OpenVisits(NamedTuple):
    """Visits of positions that have not ended in the state of a partition; replaces."""

    partition: int
    open_visits: int


class Snapshot(NamedTuple):
    """State of a partition at an offset; replaces the one before."""

    topic_id: UUID
    partition: int
    next_offset: int
    format: int
    data: bytes


class OutboxMessage(NamedTuple):
    """A message to send once the transaction is committed."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None  # None leaves it to the key


class Flush(NamedTuple):
    """Everything that one transaction brings; empty parts cost no statement."""

    advances: Sequence[PartitionAdvance]
    slot_s: int
    slots: FlowDelta | None = None
    hours: FlowDelta | None = None
    days: FlowDelta | None = None
    cursors: Sequence[Cursor] = ()
    now: NowColumns | None = None
    now_clocks: Sequence[NowClock] = ()
    feed_clocks: Sequence[FeedClock] = ()
    feed_minutes: Sequence[FeedMinute] = ()
    rejections: Sequence[RejectionMinute] = ()
    camera_rejections: Sequence[CameraRejection] = ()
    camera_hours: Sequence[CameraHour] = ()
    carrier_hours: CarrierDelta | None = None
    carrier_days: CarrierDelta | None = None
    visitors: VisitorDelta | None = None
    open_visits: Sequence[OpenVisits] = ()
    lost_visits: int = 0  # of positions: open ones that will never end
    snapshots: Sequence[Snapshot] = ()
    outbox: Sequence[OutboxMessage] = ()
    other_slots: Sequence[tuple[int, FlowDelta]] = ()  # slot cells of another length, while it changes
