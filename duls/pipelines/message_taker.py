"""Messages of the observation topic into the states of partitions, and what that adds to the figures until a flush."""

from typing import NamedTuple

import structlog

from duls.errors import RefusedError
from duls.pipelines.aggregate_metrics import AggregateMetrics
from duls.pipelines.flush_build import RejectedDetections
from duls.pipelines.owned_partition import OwnedPartition
from duls.pipelines.worlds import Worlds
from processors.columns import DetectionColumns, PositionColumns
from processors.detections import CameraRejections
from processors.ledger import Ledger
from processors.rules import rules_of
from processors.units import US_PER_S
from processors.vocabulary import Source
from streams.observation_headers import Envelope, Kind, decode_control, decode_topic_end
from streams.observation_messages import decode_messages, decode_progress, decode_rows

log = structlog.get_logger()


class Unstored(NamedTuple):
    """What was added since the last flush."""

    ledgers: dict[int, Ledger]  # by slot length in seconds: there are two while partitions go over to another
    rejected: list[RejectedDetections]


class MessageTaker:
    """Lets the states of partitions take messages of ours."""

    def __init__(self, worlds: Worlds, metrics: AggregateMetrics) -> None:
        self._worlds = worlds
        self._metrics = metrics
        self._ledgers: dict[int, Ledger] = {}
        self._rejected: list[RejectedDetections] = []
        self._replayed = Ledger(worlds.zone_sets)  # what a replay would add again; never flushed
        self._has_new_rows = False  # since the last flush

    def take(self, owned: OwnedPartition, envelope: Envelope, value: bytes) -> None:
        """Let the state of a partition take one message of ours; positions may wait for `hold`."""
        if envelope.kind is Kind.POSITIONS:
            self._gather(owned, _topic_id(envelope), value)
            return
        self.hold(owned)
        ledger = self._ledger_of(owned)
        if envelope.kind is Kind.DETECTIONS:
            owned.state.add_detections(_topic_id(envelope), decode_rows(value, DetectionColumns), ledger)
        elif envelope.kind is Kind.PROGRESS:
            self._keep_rejected(owned, owned.state.progress(decode_progress(value), ledger))
        elif envelope.kind is Kind.TOPIC_END:
            self._end_topic(owned, _topic_id(envelope), value, ledger)
        else:
            self._control(owned, value, ledger)

    def _gather(self, owned: OwnedPartition, topic_id: bytes, value: bytes) -> None:
        """Let positions wait for others of their topic."""
        if owned.gathered.topic_id != topic_id:
            self.hold(owned)
        owned.gathered.add(topic_id, value)
        if owned.gathered.is_full:
            self.hold(owned)

    def hold(self, owned: OwnedPartition) -> None:
        """Let the state of a partition hold the positions that wait for it.

        So it is before anything asks the state, stores it, or changes it, and before the ledger is another one.
        """
        if not owned.gathered:
            return
        topic_id = owned.gathered.topic_id
        rows = decode_messages(owned.gathered.taken(), PositionColumns)
        self._has_new_rows |= bool(owned.state.add_positions(topic_id, rows, self._ledger_of(owned)))
        self._metrics.read(rows.outcome.size)

    def _ledger_of(self, owned: OwnedPartition) -> Ledger:
        """Return where a partition counts now: cells of one slot length, or what is counted already."""
        if owned.is_replaying:
            return self._replayed
        slot_s = owned.state.positions.rules.slot_us // US_PER_S
        ledger = self._ledgers.get(slot_s)
        if ledger is None:  # made only where there is none: its tables are megabytes
            ledger = self._ledgers[slot_s] = Ledger(self._worlds.zone_sets)
        return ledger

    def _keep_rejected(
        self, owned: OwnedPartition, rejections: CameraRejections | None, topic_id: bytes | None = None
    ) -> None:
        """Keep detections of unregistered cameras for the next flush; of the topic that is read unless one is given."""
        if rejections is None or not rejections.offset.size or owned.is_replaying:
            return
        if topic_id is None:
            clocks = [clock for clock in owned.state.clocks.values() if clock.source == Source.ANPR]
            topic_id = [clock.topic_id for clock in clocks if not clock.is_over][-1]
        self._rejected.append(RejectedDetections(topic_id, rejections))

    def _end_topic(self, owned: OwnedPartition, topic_id: bytes, value: bytes, ledger: Ledger) -> None:
        """Let a source topic be over."""
        source = Source(decode_topic_end(value).source)
        self._keep_rejected(owned, owned.state.end_topic(topic_id, source, ledger), topic_id)
        log.warning(
            "a source topic is over, another one has its name",
            partition=owned.number,
            topic_id=topic_id.hex(),
        )

    def _control(self, owned: OwnedPartition, value: bytes, ledger: Ledger) -> None:
        """Go over to a version of zones, cameras or settings."""
        control = decode_control(value)
        state = owned.state
        if control.kind == "zones" and control.version > state.versions.zones:
            changed = self._worlds.changed(state.versions.zones, control.version)
            state.change_zones(self._worlds.zones(control.version), changed, ledger)
        elif control.kind == "cameras" and control.version > state.versions.cameras:
            state.change_cameras(control.version, self._worlds.cameras(control.version))
        elif control.kind == "settings" and control.version > state.versions.settings:
            settings = self._worlds.settings(control.version)
            if owned.is_replaying:
                self.forget_replayed()
            state.change_settings(control.version, rules_of(settings), settings.confidence_floor)

    def drain(self, owned: OwnedPartition) -> None:
        """Let the state of a partition take everything that it holds, as at the end of a history."""
        self.hold(owned)
        self._keep_rejected(owned, owned.drain(self._ledger_of(owned)))

    def forget_replayed(self) -> None:
        """Forget what replays counted again."""
        self._replayed = Ledger(self._worlds.zone_sets)

    @property
    def has_news(self) -> bool:
        """Tell whether there are figures to store, or only time has passed."""
        return self._has_new_rows or any(not ledger.is_empty() for ledger in self._ledgers.values())

    def unstored(self) -> Unstored:
        """Return what was added since the last flush; what is added from here on is of the next one."""
        ledgers, self._ledgers = self._ledgers, {}
        return Unstored(ledgers, self._rejected)

    def stored(self) -> None:
        """Note that what `unstored` returned is in the database."""
        self._has_new_rows = False
        self._rejected = []

    def abandon(self) -> None:
        """Forget everything that is not stored."""
        self._ledgers = {}
        self._rejected = []


def _topic_id(envelope: Envelope) -> bytes:
    """Return the source topic that rows come from."""
    if envelope.topic_id is None:
        text = "a message with rows does not name its source topic"
        raise RefusedError(text)
    return envelope.topic_id
