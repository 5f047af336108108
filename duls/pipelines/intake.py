"""Intake: raw records in, observations out; the only role that sees plates.

One step reads a batch, decodes and admits its rows, and queues them for their observation partitions. Offsets are
committed after everything made from the records below them is acknowledged, with the arrival clocks in their
metadata, so that a successor computes the same arrivals. Before they are, and before progress is told, without which
no row counts, the broker is asked whether the topics are still those of the start. Whatever is repeated after a crash
falls below the cursors of aggregate.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from duls.errors import ServiceAwayError
from duls.metrics import Metrics
from duls.pipelines.grant_keeper import GrantKeeper, withhold
from processors.camera_rows import CameraRow
from processors.columns import DecodedDetections, DecodedPositions, DetectionColumns, UInt32Array
from processors.source_clock import Mark
from processors.units import US_PER_S
from processors.vehicle_table import NEVER_US
from processors.vocabulary import FIRST_REJECTION, SOURCES, Outcome, Source
from streams.admission import AdmissionRules, Observations, admit, rejected_rows
from streams.dead_letters import DeadLetter, RejectedRows, letters_of
from streams.decode.detection_row import TimeReading
from streams.decode.detections import ReadDetections
from streams.failpoints import Failpoint
from streams.narrow_rows import by_destination, narrowed
from streams.observation_headers import Kind
from streams.observation_messages import encode_parts
from streams.observation_sender import ObservationSender
from streams.raw_batch import PartitionPosition, ReadColumns, ReadError, RecordReader, batch_of
from streams.source_positions import GapBook, PositionMetadata, SourcePositions
from streams.topic_watch import TopicWatch

log = structlog.get_logger()

TICK_AFTER_S: Final = 1.0
WAIT_SHARE: Final = 0.2  # of the time between two tellings of progress
LONGEST_WAIT_S: Final = 0.05
MAX_SKEW_US: Final = 60 * US_PER_S


Decode = Callable[[Sequence[bytes | None]], DecodedPositions | ReadDetections]
"""Makes rows of the records of a batch."""


class SourceTopic(NamedTuple):
    """A raw topic and how its records are decoded."""

    name: str
    topic_id: bytes
    source: Source
    partitions: int
    dead_letters: str  # topic for its rejected rows
    decode: Decode


TellCameras = Callable[[Sequence[CameraRow]], None]
"""Tells the registry what the accepted rows of a batch say of cameras."""


class Enrichment(Protocol):
    """What is known of vehicles beside what their records say."""

    def complete(self, decoded: DecodedPositions | DecodedDetections) -> UInt32Array:
        """Learn from the rows of a batch and complete them, in place; return the traits of all rows.

        Identities stay as they are, so that a record goes the same way whatever is known.
        """

    def keep(self) -> bool:
        """Store what was learned; return whether all of it is, so that the offsets of what told it may be committed."""


class NoEnrichment:
    """Nothing is known beside the records."""

    def complete(self, decoded: DecodedPositions | DecodedDetections) -> UInt32Array:
        """Leave the rows as they are; there are no traits."""
        return np.zeros(decoded.outcome.size, np.uint32)

    def keep(self) -> bool:
        """Return True: there is nothing to store."""
        return True


def _tell_nobody(cameras: Sequence[CameraRow]) -> None:
    """Leave what is told of cameras alone."""
    del cameras


class Known(NamedTuple):
    """What intake knows beside its records, and whom it tells what they say."""

    enrichment: Enrichment = NoEnrichment()
    tell_cameras: TellCameras = _tell_nobody
    grants: GrantKeeper | None = None  # None: no grants are asked for


NOTHING_KNOWN: Final = Known()


class IntakeOptions(NamedTuple):
    """How intake paces itself."""

    batch_messages: int = 20_000
    progress_s: float = 0.25
    commit_s: float = 1.0
    clock: str = "arrival"

    @property
    def wait_s(self) -> float:
        """Return how long reading waits at most to fill a batch: a wait is part of the delay of what it read."""
        return min(LONGEST_WAIT_S, WAIT_SHARE * self.progress_s)


class DrainTarget(NamedTuple):
    """Where a bounded run ends: everything below the offsets is sent and stream time has passed the arrival."""

    offsets: Mapping[tuple[str, int], int]
    arrival_us: int  # stream time to pass; NEVER_US with the event clock


class Intake:
    """One intake process; owns the source partitions that the group gives it."""

    def __init__(
        self,
        consumer: Consumer,
        reader: RecordReader,
        sender: ObservationSender,
        sources: Sequence[SourceTopic],
        admission: AdmissionRules,
        options: IntakeOptions,
        *,
        monotonic: Callable[[], float],
        metrics: Metrics,
        failpoint: Failpoint,
        gaps: GapBook,
        watch: TopicWatch,
        known: Known = NOTHING_KNOWN,
    ) -> None:
        self._consumer = consumer
        self._reader = reader
        self._sender = sender
        self._sources = {source.name: source for source in sources}
        self._admission = admission
        self._options = options
        self._monotonic = monotonic
        self._metrics = metrics
        self._failpoint = failpoint
        self._known = known
        self._watch = watch
        self._is_confirmed = True  # that all that was read so far is of the topics of the start
        self.positions = SourcePositions(
            consumer,
            {source.name: source.topic_id for source in sources},
            {source.name: source.partitions for source in sources},
            gaps=gaps,
            before_release=self.commit,
            watch=watch,
            attach=reader.attach,
            monotonic=monotonic,
        )
        self._progress_due_s = 0.0
        self._commit_due_s = 0.0
        self._reported: dict[tuple[str, int], PartitionPosition] = {}
        self._ticks = options.clock == "arrival"

    def subscribe(self) -> None:
        """Join the group."""
        self.positions.subscribe()

    def step(self) -> int:
        """Read one batch, send its rows, and do what is due; return the number of records read."""
        if self._known.grants is not None:
            self._known.grants.refresh(self._monotonic())
        reading = self._reader.read(self._options.batch_messages, self._options.wait_s)
        self._failpoint("intake-after-consume")
        for topic, read in reading.topics.items():
            self._take(self._sources[topic], read)
        for failed in reading.errors:
            # after what was read before it: a gap begins behind that
            self._read_error(failed)
        self._sender.serve()
        now_s = self._monotonic()
        if now_s >= self._progress_due_s:
            self._progress_due_s = now_s + self._options.progress_s
            self._tick(now_s)
            self.report_progress()
            self.positions.balance(self._options.clock, MAX_SKEW_US)
        if now_s >= self._commit_due_s:
            self._commit_due_s = now_s + self._options.commit_s
            self.commit()
        return reading.messages

    def _read_error(self, failed: ReadError) -> None:
        """Write down what was gone, and stop at what else does not pass by itself."""
        error = failed.error
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 the client has no public name for it
            self.positions.skip_gap(failed.topic, failed.partition)
        elif error.fatal() or not error.retriable():
            text = f"reading {failed.topic} failed: {error.str()}"
            raise ServiceAwayError(text)

    def _take(self, topic: SourceTopic, read: ReadColumns) -> None:
        """Send what records of a topic say, then note that they are read."""
        batch, moved = batch_of(read, self.positions.of_topic(topic.name))
        if not moved:
            return
        self._is_confirmed = False
        if batch.values:
            newest = {number: position.event_us for number, position in moved.items()}
            read_rows = topic.decode(batch.values)
            decoded = read_rows.decoded if isinstance(read_rows, ReadDetections) else read_rows
            traits = self._known.enrichment.complete(decoded)
            if isinstance(read_rows, ReadDetections):
                # before its detections are sent, so that the log announces a camera before it is used
                self._known.tell_cameras(read_rows.cameras)
                self._count_readings(read_rows.decoded)
            granted = None
            if self._known.grants is not None and isinstance(decoded, DecodedPositions):
                granted = self._known.grants.granted(decoded)
            admitted = admit(decoded, batch, newest, self._admission, traits=traits, granted=granted)
            if granted is not None:
                admitted = withhold(admitted, granted)
            moved = {number: place._replace(event_us=newest[number]) for number, place in moved.items()}
            self._count(topic, admitted.columns)
            kind = Kind.DETECTIONS if isinstance(admitted.columns, DetectionColumns) else Kind.POSITIONS
            rows, parts = by_destination(narrowed(admitted.columns), admitted.destination)
            for partition, value in encode_parts(rows, parts):
                self._sender.send_rows(kind, topic.topic_id, partition, value)
            self._dead_letters(topic, admitted.columns)
        self.positions.move(topic.name, moved)
        self._failpoint("intake-after-produce")

    def _dead_letters(self, topic: SourceTopic, columns: Observations) -> None:
        """Tell people where rejected rows stand."""
        places = rejected_rows(columns)
        # nothing is wrong with what is not granted
        places = places[columns.outcome[places] != Outcome.NO_GRANT]
        if not places.size:
            return
        outcome = columns.outcome[places]
        for code, count in zip(*np.unique(outcome, return_counts=True), strict=True):
            self._metrics.dead_letters_total.labels(reason=_reason(code)).inc(int(count))
        told = letters_of(RejectedRows(columns.partition[places], columns.offset[places], outcome))
        for row, count in zip(places[told.places].tolist(), told.rows.tolist(), strict=True):
            letter = DeadLetter(
                topic=topic.name,
                topic_id=topic.topic_id.hex(),
                partition=int(columns.partition[row]),
                offset=int(columns.offset[row]),
                index=int(columns.index[row]),
                reason=_reason(columns.outcome[row]),
                rows=count,
            )
            self._sender.send_dead_letter(topic.dead_letters, letter)

    def _count(self, topic: SourceTopic, columns: Observations) -> None:
        """Count the rows of a batch."""
        rejected = int((columns.outcome >= FIRST_REJECTION).sum())
        counter = self._metrics.observations_total
        source = SOURCES[topic.source]
        counter.labels(source=source, outcome="accepted").inc(columns.outcome.size - rejected)
        counter.labels(source=source, outcome="rejected").inc(rejected)

    def _count_readings(self, decoded: DecodedDetections) -> None:
        """Count how local times of the hour that comes twice in autumn were read."""
        for reading in TimeReading:
            count = int((decoded.time_reading == reading).sum()) if reading else 0
            if count:
                self._metrics.repeated_hour_total.labels(reading=reading.name.lower()).inc(count)

    def _tick(self, now_s: float) -> None:
        """Append a tick where a partition that is read to its end has been silent; they have to come back."""
        if not self._ticks:
            return
        for topic, partition in self.positions.silent(now_s, TICK_AFTER_S):
            self._sender.send_tick(topic, partition)
        for topic, partition in self.positions.listen_again():
            self._metrics.reading_restarts_total.inc()
            log.warning("nothing was read of a partition, not even ticks", topic=topic, partition=partition)

    def stop_ticks(self) -> None:
        """Append no more ticks; return once the broker has those that were appended."""
        self._ticks = False
        self._sender.wait()

    def _confirm(self) -> bool:
        """Tell whether all that was read is of the topics of the start; False where the broker does not say.

        Raises:
            TopicChangedError: One of them was made anew.
        """
        self._is_confirmed = self._is_confirmed or self._watch.confirm()
        return self._is_confirmed

    def report_progress(self) -> None:
        """Send the progress of every owned partition that has moved, after its rows on the same producer.

        Rows wait in aggregate for progress, so what was read of a topic that was made anew is in no figure.

        Raises:
            TopicChangedError: A topic was made anew.
        """
        moved = [
            (key, position) for key, position in self.positions.all() if self._reported.get(key) != position
        ]
        if not moved or not self._confirm():
            return
        marks = []
        for (topic, partition), position in moved:
            self._reported[topic, partition] = position
            source = self._sources[topic]
            arrival_us = position.event_us if self._options.clock == "event" else position.arrival_us
            marks.append(
                Mark(
                    source.topic_id,
                    source.source,
                    source.partitions,
                    partition,
                    position.next_offset,
                    arrival_us,
                )
            )
        if marks:
            self._sender.send_progress(marks)

    def commit(self) -> None:
        """Commit the offsets of everything read, once all that was made from it is acknowledged.

        Raises:
            ServiceAwayError: Something is not acknowledged, or the group refuses for good; nothing is committed.
            TopicChangedError: A topic was made anew; nothing is committed.
        """
        moved = self.positions.uncommitted()
        if not moved or not self._confirm():
            return
        started_s = self._monotonic()
        if not self._known.enrichment.keep():
            return
        # what is committed is told before, so that it counts also where its topic is gone then
        self.report_progress()
        self._sender.wait()
        self._failpoint("intake-before-commit")
        offsets = [
            TopicPartition(
                topic,
                partition,
                position.next_offset,
                metadata=PositionMetadata.of(self._sources[topic].topic_id, position).encode(),
            )
            for (topic, partition), position in moved
        ]
        try:
            answers = self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            # another member owns them by now, or the coordinator moves: uncommitted input is read again
            self._metrics.commit_failures_total.inc()
            if error.args[0].fatal():
                text = f"committing offsets failed: {error.args[0].str()}"
                raise ServiceAwayError(text) from error
            return
        refused = {(answer.topic, answer.partition) for answer in answers if answer.error is not None}
        self._metrics.commit_failures_total.inc(len(refused))
        self.positions.committed((key, position) for key, position in moved if key not in refused)
        self._metrics.intake_commit_seconds.observe(self._monotonic() - started_s)
        self._failpoint("intake-after-commit")

    def has_reached(self, target: DrainTarget) -> bool:
        """Tell whether every owned partition is sent up to a target."""
        for (topic, partition), position in self.positions.all():
            if position.next_offset < target.offsets.get((topic, partition), 0):
                return False
            if target.arrival_us != NEVER_US and position.arrival_us <= target.arrival_us:
                return False
        return self.positions.is_settled

    def finish(self) -> None:
        """Send the last progress and commit; the caller closes the consumer.

        Raises:
            ServiceAwayError: The broker does not answer.
            TopicChangedError: A topic was made anew.
        """
        self._watch.require()
        self.report_progress()
        self._sender.wait()
        self.commit()


def _reason(code: np.uint8) -> str:
    """Return the name of an outcome as dead letters have it."""
    return Outcome(int(code)).name.lower()
