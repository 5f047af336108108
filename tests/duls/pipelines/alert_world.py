"""A city, its log of zone counts, and a store in memory, for tests of the alert pipeline."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from duls.local_midnights import local_midnights
from duls.pipelines.alert_city import AlertCity, city_of
from duls.pipelines.alert_keeper import AlertKeeper, KeeperOptions
from duls.pipelines.alert_telling import Channels
from duls.pipelines.partial_counts import PartialCounts
from processors.overload.rule_file import read_rules
from processors.zone_feature import ZoneFeature
from sinks.overload_parts import (
    DeliveryRow,
    EventRow,
    ForecastRow,
    OverloadFlush,
    PageRow,
    RunningAlert,
    ShardClaim,
    StoredShards,
    StoredWatch,
    WaitingAction,
)

SHARDS: Final = 4
TOPIC_ID: Final = UUID(int=7)
START_US: Final = 1_795_000_000_000_000  # a November afternoon
SECOND_US: Final = 1_000_000
MIDNIGHTS_US: Final = local_midnights()
SIDE: Final = 0.01


def features(count: int, capacity: int = 10) -> list[ZoneFeature]:
    """Return square zones in a row, each a neighbour of the next."""
    zones = []
    for number in range(count):
        left = 5 + number * SIDE
        right = left + SIDE
        ring = ((left, 52.0), (right, 52.0), (right, 52.01), (left, 52.01), (left, 52.0))
        zones.append(ZoneFeature(f"z{number}", f"Zone {number}", "hub", "GM0344", capacity, 0.7, ((ring,),)))
    return zones


def city(zones: int = 6, *, raise_s: int = 2, clear_s: int = 2, **fields: Any) -> AlertCity:
    """Return a city with one rule for all zones."""
    rule = {
        "id": "full",
        "kind": "hub",
        "capacity": "zone",
        "raise_s": raise_s,
        "clear_s": clear_s,
        "rising_pct": False,
        **fields,
    }
    read = read_rules({"rules": [rule]}, version=1)
    assert read.rules is not None, read.problems
    return city_of(features(zones), read.rules, MIDNIGHTS_US)


def counts(
    second: float, present: Mapping[str, int], *, partition: int = 0, epoch: int = 1, **fields: Any
) -> bytes:
    """Return a message that so many vans are in zones, so many seconds after the start."""
    now_us = START_US + round(second * SECOND_US)
    values = {
        "partition": partition,
        "shard": 0,
        "shards": 1,
        "epoch": epoch,
        "offset": round(second * 1_000),
        "as_of_us": now_us,
        "settling": False,
        "zones": [(zone, "N1", "no", count, 0) for zone, count in present.items() if count],
        "fms_arrival_us": now_us,
        **fields,
    }
    return msgspec.json.encode(PartialCounts(**values))


class MemoryStore:
    """What flushes brought, as the database would have it."""

    def __init__(self) -> None:
        self.shards = {shard: ShardClaim(shard, 0, None, 0, 0, 0) for shard in range(SHARDS)}
        self.watches: dict[tuple[str, str], str] = {}
        self.alerts: dict[str, Any] = {}
        self.events: list[EventRow] = []
        self.deliveries: list[DeliveryRow] = []
        self.pages: dict[str, int] = {}
        self.actions: dict[UUID, WaitingAction] = {}
        self.handled: dict[UUID, str | None] = {}
        self.forecasts: dict[tuple[str, str], ForecastRow] = {}

    def claim(self, shards: Sequence[int] = tuple(range(SHARDS))) -> list[ShardClaim]:
        """Take shards under new epochs."""
        for shard in shards:
            self.shards[shard] = self.shards[shard]._replace(epoch=self.shards[shard].epoch + 1)
        return [self.shards[shard] for shard in shards]

    def load(self) -> StoredShards:
        """Return everything; the keeper looks at what is its own."""
        return StoredShards(
            [StoredWatch(zone, document) for (zone, _), document in self.watches.items()],
            [
                RunningAlert(row.alert_id, row.revision, row.paged_us, row.message)
                for row in self.alerts.values()
                if row.until_us is None
            ],
            [PageRow(*page) for page in self.pages.items()],
            [action for action_id, action in self.actions.items() if action_id not in self.handled],
            list(self.forecasts.values()),
        )

    def flush(self, parts: OverloadFlush) -> None:
        """Bring a flush, as the real store does."""
        for advance in parts.advances:
            claim = self.shards[advance.shard]
            assert (claim.epoch, claim.next_offset) == (advance.epoch, advance.expected_offset)
            self.shards[advance.shard] = claim._replace(
                topic_id=parts.topic_id,
                read_from=advance.read_from,
                next_offset=advance.next_offset,
                as_of_us=advance.as_of_us,
            )
        self.watches |= {(row.zone_id, row.rule): row.document for row in parts.watches}
        for gone in parts.gone:
            self.watches.pop((gone.zone_id, gone.rule), None)
        self.alerts |= {row.alert_id: row for row in parts.alerts}
        self.events += parts.events
        self.deliveries += parts.deliveries
        self.pages |= {page.zone_id: page.paged_us for page in parts.pages}
        self.forecasts |= {(row.zone_id, row.series): row for row in parts.forecasts}
        for series in parts.gone_forecasts:
            self.forecasts.pop(tuple(series), None)
        self.handled |= {deed.action_id: deed.refusal for deed in parts.handled}

    def told(self, channel: str) -> list[tuple[str, str]]:
        """Return event and alert of everything that was told on a channel, in order."""
        return [(row.event, row.alert_id) for row in self.deliveries if row.channel == channel]


def keeper(store: MemoryStore, of: AlertCity, start: int | None = None, **options: Any) -> AlertKeeper:
    """Return a keeper of all shards that goes on where the store stands."""
    claims = store.claim()
    first = min(claim.read_from for claim in claims) if start is None else start
    values = {
        "shards": SHARDS,
        "partitions": 1,
        "topic_id": TOPIC_ID,
        "channels": Channels("topic", ("pager",)),
        **options,
    }
    stored = store.load()
    mine = {claim.shard for claim in claims}
    assert len(mine) == SHARDS
    return AlertKeeper(claims, first, of, stored, KeeperOptions(**values))


def feed(keeping: AlertKeeper, log: Sequence[bytes], until: int | None = None) -> None:
    """Let a keeper read the log from where it stands."""
    end = len(log) if until is None else until
    for offset in range(keeping.next_offset, end):
        second_us = msgspec.json.decode(log[offset], type=PartialCounts).as_of_us
        keeping.take(log[offset], offset, second_us)
