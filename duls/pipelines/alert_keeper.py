"""The alert pipeline of one process between a claim of shards and its end: messages in, flushes out.

A shard goes on where its watches stand: messages below its own offset only fill the sums. So whatever was killed
and whoever takes over, each zone sees every message once, in order, and raises the same alerts.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from duls.pipelines.alert_city import AlertCity, Silences
from duls.pipelines.alert_desk import AlertDesk, DeskOptions
from duls.pipelines.alert_forecast import AlertForecast
from duls.pipelines.alert_messages import ZoneMessage, zone_message
from duls.pipelines.alert_reasons import EntryRates
from duls.pipelines.alert_telling import AlertTeller, Channels, Told
from duls.pipelines.feed_loss import feed_loss
from duls.pipelines.partial_counts import PartialCounts
from duls.pipelines.zone_shards import shard_of
from duls.pipelines.zone_sums import ZoneSums
from processors.overload.actions import Action
from processors.overload.watch import Watch, ZoneState
from sinks.overload_parts import OverloadFlush, ShardAdvance, ShardClaim, StoredShards

_DECODER = msgspec.json.Decoder(PartialCounts)


class KeeperOptions(NamedTuple):
    """How a keeper judges and tells."""

    shards: int
    partitions: int  # of the observation topic
    topic_id: UUID  # of the partial counts
    channels: Channels
    feed_lost_us: int = 45_000_000
    page_interval_us: int = 600_000_000
    is_event_clock: bool = False


class AlertKeeper:
    """Watches the zones of some shards.

    Args:
        claims: shards that this process holds.
        start_offset: first message that will be taken.
        city: zones and rules.
        stored: what is stored of the shards.
        options: how to judge and tell.
    """

    def __init__(
        self,
        claims: Sequence[ShardClaim],
        start_offset: int,
        city: AlertCity,
        stored: StoredShards,
        options: KeeperOptions,
    ) -> None:
        self._claims = {claim.shard: claim for claim in claims}
        self._options = options
        self.sums = ZoneSums(options.partitions)
        self.forecast = AlertForecast(city.planner.midnights_us, stored.forecasts, self._shard_of)
        self.desk = AlertDesk(
            city,
            self.sums,
            self._is_ours,
            DeskOptions(page_interval_us=options.page_interval_us),
            on_counts=self.forecast.note,
        )
        self.teller = AlertTeller(self.desk, options.channels, self._shard_of)
        self.next_offset = start_offset
        self.stale_messages = 0
        self._acted: set[UUID] = set()
        self._stored_offsets = {claim.shard: claim.next_offset for claim in claims}
        self._start_offset = start_offset
        begins = [self._from(claim) for claim in claims]
        self._first, self._last = min(begins, default=0), max(begins, default=0)
        self._restore(stored)
        self._forget_series(city)

    def take(self, value: bytes, offset: int, told_us: int) -> bool:
        """Take in one message of partial counts; return whether zones were judged by it.

        Raises:
            msgspec.DecodeError: it is none.
        """
        self.next_offset = offset + 1
        counts = _DECODER.decode(value)
        change = self.sums.take(counts, offset)
        if change.is_stale:
            self.stale_messages += 1
        if change.is_stale or offset < self._first or not self.sums.is_complete:
            return False
        self._look_ahead()
        loss = feed_loss(
            self.sums, told_us, self._options.feed_lost_us, is_event_clock=self._options.is_event_clock
        )
        if offset <= self._last:
            # some shards have seen this message, and some see their first
            self.desk.judge_all()
            self.desk.judge(change.zones, loss, skip=lambda zone_id: self._has_seen(zone_id, offset))
            return True
        self.desk.judge(change.zones, loss)
        return True

    def change_city(self, city: AlertCity) -> None:
        """Go over to other zones or rules."""
        self.desk.change_city(city)
        self._forget_series(city)

    def _forget_series(self, city: AlertCity) -> None:
        """Forget what was learned of counts that no rule asks for."""
        if city.rules:  # without any, those that there were may come back
            zones = [zone.watched for zone in city.zones.values()]
            self.forecast.forget_others({zone.zone_id: city.planner.asked_of(zone) for zone in zones})

    def finish(self) -> None:
        """Let the next flush bring everything that is worth keeping."""
        self.forecast.finish()

    def lose_everything(self, now_us: int) -> None:
        """Say that no message comes any more.

        *now_us* is of this machine; what has the event clock is told so in its own time.
        """
        self.desk.lose_everything(self.sums.as_of_us if self._options.is_event_clock else now_us)

    def act(self, action_id: UUID, zone_id: str, action: Action) -> None:
        """Let an operator's action about a zone of ours take effect, once."""
        if action_id not in self._acted:
            self._acted.add(action_id)
            self.desk.act(action_id, zone_id, action)

    def watches_zone(self, zone_id: str) -> bool:
        """Tell whether a zone is in one of our shards."""
        return self._is_ours(zone_id)

    def change_silences(self, silences: Mapping[str, Silences]) -> None:
        """Go over to other silences."""
        self.desk.change_silences(silences)

    def change_rates(self, rates: EntryRates) -> None:
        """Take in entries."""
        self.teller.rates = rates
        self.desk.change_entries(rates.now)

    @property
    def has_news(self) -> bool:
        """Tell whether there is something to store: changes, or progress."""
        return (
            self.desk.has_changes
            or self.forecast.has_news
            or any(offset != self.next_offset for offset in self._stored_offsets.values())
        )

    def flush(self) -> OverloadFlush:
        """Return everything since the last flush; it must be stored, or all be dropped."""
        read_from = self.sums.read_from
        progress = OverloadFlush(
            topic_id=self._options.topic_id,
            advances=[
                self._advance(claim, self.next_offset if read_from is None else read_from)
                for claim in self._claims.values()
            ],
        )
        forecasts, gone_forecasts = self.forecast.drain()
        progress = progress._replace(forecasts=forecasts, gone_forecasts=gone_forecasts)
        parts = self.teller.telling(self.desk.drain(), progress)
        self._stored_offsets = {advance.shard: advance.next_offset for advance in parts.advances}
        return parts

    def zone_messages(self, zones: Sequence[str]) -> list[ZoneMessage]:
        """Return what is told of zones on the state topic."""
        return [self._zone_message(zone_id) for zone_id in zones]

    def _zone_message(self, zone_id: str) -> ZoneMessage:
        """Return what is told of one zone."""
        state = self.desk.states.get(zone_id) or ZoneState(zone_id)
        claim = self._claims[self._shard_of(zone_id)]
        return zone_message(
            zone_id,
            state.watches,
            self.sums.rows(zone_id),
            place=(claim.epoch, self.next_offset),
            as_of_us=self.sums.as_of_us,
            is_lost=self.desk.loss.fms,
            is_settling=self.sums.is_settling,
        )

    def _look_ahead(self) -> None:
        """Say each minute of stream time what is expected."""
        now_us = self.sums.as_of_us
        if self.forecast.close_minute(now_us):
            self.desk.change_outlooks(self.forecast.outlooks(list(self.desk.plans.values()), now_us))

    def _restore(self, stored: StoredShards) -> None:
        """Go on from what is stored; in shards that missed messages all durations begin anew."""
        watches: dict[str, dict[str, Watch]] = {}
        for row in stored.watches:
            watch = msgspec.json.decode(row.document, type=Watch)
            watches.setdefault(row.zone_id, {})[watch.rule_id] = watch
        paged = {alert.alert_id: alert.paged_us for alert in stored.alerts if alert.paged_us is not None}
        self.desk.restore(
            (
                ZoneState(zone_id, self._claims[self._shard_of(zone_id)].as_of_us, rules)
                for zone_id, rules in watches.items()
            ),
            paged,
            {page.zone_id: page.paged_us for page in stored.pages if self._is_ours(page.zone_id)},
        )
        self.teller.told = {
            alert.alert_id: Told(alert.revision, alert.paged_us, alert.message) for alert in stored.alerts
        }
        missing = {claim.shard for claim in self._claims.values() if self._has_gap(claim)}
        self.desk.lose(
            [zone_id for zone_id in watches if self._shard_of(zone_id) in missing],
            max((claim.as_of_us for claim in self._claims.values()), default=0),
        )
        for action in stored.actions:
            if self._is_ours(action.zone_id):
                self.act(action.action_id, action.zone_id, msgspec.json.decode(action.document, type=Action))

    def _advance(self, claim: ShardClaim, read_from: int) -> ShardAdvance:
        """Return the move of a shard; one that has not caught up stays where it is."""
        offset = max(self.next_offset, self._from(claim))
        is_behind = self.next_offset < self._from(claim)
        return ShardAdvance(
            shard=claim.shard,
            epoch=claim.epoch,
            expected_offset=self._stored_offsets[claim.shard],
            read_from=claim.read_from if is_behind else read_from,
            next_offset=offset,
            as_of_us=claim.as_of_us if is_behind else max(claim.as_of_us, self.sums.as_of_us),
        )

    def _from(self, claim: ShardClaim) -> int:
        """Return the first message that the watches of a shard will see."""
        return self._start_offset if self._has_gap(claim) else claim.next_offset

    def _has_gap(self, claim: ShardClaim) -> bool:
        """Tell whether a shard misses messages, or never saw any of this topic."""
        return claim.topic_id != self._options.topic_id or claim.next_offset < self._start_offset

    def _has_seen(self, zone_id: str, offset: int) -> bool:
        """Tell whether the watches of a zone have seen a message before."""
        return offset < self._from(self._claims[self._shard_of(zone_id)])

    def _shard_of(self, zone_id: str) -> int:
        """Return the shard of a zone."""
        return shard_of(zone_id, self._options.shards)

    def _is_ours(self, zone_id: str) -> bool:
        """Tell whether a zone is in one of our shards."""
        return self._shard_of(zone_id) in self._claims
