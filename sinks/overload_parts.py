"""What the alert role brings to the database and gets back, as plain values.

Times are microseconds since 1970 UTC, documents JSON text; zones are named by id.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID


class ShardClaim(NamedTuple):
    """What a process holds of a shard of the zones, and where its watches stand."""

    shard: int
    epoch: int
    topic_id: UUID | None  # None: nothing was ever judged
    read_from: int  # oldest partial counts that still held at next_offset
    next_offset: int  # first partial counts that the watches have not seen
    as_of_us: int


class ShardAdvance(NamedTuple):
    """Progress of one shard: moved only under its epoch, and only by its holder."""

    shard: int
    epoch: int
    expected_offset: int
    read_from: int
    next_offset: int
    as_of_us: int


class WatchRow(NamedTuple):
    """The state of a rule in a zone; replaces."""

    zone_id: str
    rule: str
    shard: int
    state: str
    changed_us: int
    measure: str | None  # None where the rule is not in force any more, like the next five
    classes: str | None  # separated by commas
    severity: str | None
    value: int | None
    capacity: int | None
    raise_at: int | None
    clear_below: int | None
    probability_30: float | None
    expected_us: int | None
    muted: bool
    alert_id: str | None
    document: str


class GoneWatch(NamedTuple):
    """A rule that is not in force in a zone any more; its row goes."""

    zone_id: str
    rule: str


class AlertRow(NamedTuple):
    """An alert; replaces what is stored of it."""

    alert_id: str
    zone_id: str
    rule: str
    state: str
    value: int | None
    capacity: int | None
    pct: float | None
    since_us: int
    until_us: int | None
    acknowledged_by: str | None
    acknowledged_us: int | None
    reason: str
    revision: int
    severity: str
    raised_us: int
    raised_value: int
    peak_value: int
    peak_us: int
    muted: bool
    note: str | None
    snoozed_by: str | None
    snoozed_until_us: int | None
    resolved_by: str | None
    end_cause: str | None
    paged_us: int | None
    text_nl: str
    text_en: str
    reason_en: str
    reason_data: str
    message: str


class EventRow(NamedTuple):
    """A line of the log of alerts; added."""

    zone_id: str
    rule: str
    alert_id: str | None
    at_us: int
    state_before: str
    state_after: str
    cause: str
    value: int | None
    capacity: int | None
    done_by: str | None
    note: str | None


class PageRow(NamedTuple):
    """When somebody was paged for a zone last; replaces."""

    zone_id: str
    paged_us: int


class DeliveryRow(NamedTuple):
    """Something to tell somebody; added, and delivered after the transaction."""

    shard: int
    channel: str
    zone_id: str
    alert_id: str
    event: str
    payload: str


class HandledAction(NamedTuple):
    """An action of an operator that took effect, or was refused."""

    action_id: UUID
    refusal: str | None


class ForecastRow(NamedTuple):
    """What was learned of a count of a zone; replaces."""

    zone_id: str
    series: str
    shard: int
    learned_us: int
    profile: bytes
    weeks: bytes
    errors: bytes


class GoneForecast(NamedTuple):
    """A count that no rule asks for any more; what was learned of it goes."""

    zone_id: str
    series: str


class OverloadFlush(NamedTuple):
    """Everything that one transaction brings; empty parts cost no statement."""

    topic_id: UUID  # of the partial counts
    advances: Sequence[ShardAdvance]
    watches: Sequence[WatchRow] = ()
    gone: Sequence[GoneWatch] = ()
    alerts: Sequence[AlertRow] = ()
    events: Sequence[EventRow] = ()
    pages: Sequence[PageRow] = ()
    deliveries: Sequence[DeliveryRow] = ()
    handled: Sequence[HandledAction] = ()
    forecasts: Sequence[ForecastRow] = ()
    gone_forecasts: Sequence[GoneForecast] = ()


class StoredWatch(NamedTuple):
    """A watch as it was stored."""

    zone_id: str
    document: str


class RunningAlert(NamedTuple):
    """What besides its watch is known of an alert that runs."""

    alert_id: str
    revision: int
    paged_us: int | None
    message: str  # JSON, what was told of it last


class WaitingAction(NamedTuple):
    """An action that waits for the process that watches its zone."""

    action_id: UUID
    zone_id: str
    document: str


class StoredShards(NamedTuple):
    """Everything that is stored of some shards."""

    watches: Sequence[StoredWatch]
    alerts: Sequence[RunningAlert]
    pages: Sequence[PageRow]
    actions: Sequence[WaitingAction]
    forecasts: Sequence[ForecastRow]
