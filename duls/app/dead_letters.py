"""`duls dlq`: which rows were rejected, where they stand and why; never what they said."""

from collections.abc import Iterable, Iterator, Mapping
from heapq import nlargest
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from duls.app.least_places import LeastPlaces, Place
from duls.config import Settings
from duls.errors import ConfigError
from processors.vocabulary import Outcome
from sinks.connection import open_connection
from sinks.flush_parts import OutboxMessage
from sinks.registry import installation_id
from streams.clients import make_admin, make_gapless_producer
from streams.outbox_sender import OutboxSender
from streams.topic_reader import bounds, committed_offsets, make_reader, messages_to_end
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    DETECTIONS_TOPIC,
    POSITIONS_TOPIC,
    describe_topic,
)

SOURCE_OF: Final[Mapping[str, str]] = {
    DEAD_POSITIONS_TOPIC: POSITIONS_TOPIC,
    DEAD_DETECTIONS_TOPIC: DETECTIONS_TOPIC,
}
REPLAYED_REASON: Final = Outcome.UNREGISTERED_CAMERA.name.lower()
MOST_PLACES: Final = 100_000  # of records sent again after one reading of the letters: some 20 MB
BATCH_BYTES: Final = 8 * 1024 * 1024  # of records that wait for the broker
VALUE_BYTES: Final = 100  # that a record takes beside its value


class Letter(NamedTuple):
    """A rejected row, or the later ones of a record that has many of one reason."""

    topic: str  # raw topic
    topic_id: UUID
    partition: int
    offset: int
    row: int  # in its record, from 0
    reason: str
    told_ms: int  # when it was told of, milliseconds since 1970 UTC
    rows: int  # that it stands for: this one, and later ones


class LetterGroup(NamedTuple):
    """Rejected rows of one topic and reason."""

    topic: str
    reason: str
    letters: int
    first_ms: int
    last_ms: int
    rows: int


class ReplayReport(NamedTuple):
    """What became of the letters since the last replay."""

    letters: int  # rows of unregistered cameras
    records: int  # sent again, each once
    gone: int  # records that the raw topic no longer holds


class _WireLetter(msgspec.Struct):
    """A dead letter as it is written."""

    topic_id: str
    partition: int
    offset: int
    index: int
    reason: str
    rows: int = 1


def list_letters(settings: Settings) -> list[LetterGroup]:
    """Return the rejected rows of the last week by topic and reason.

    Raises:
        ConfigError: the topics do not exist.
        ServiceAwayError: the broker does not answer.
    """
    groups: dict[tuple[str, str], LetterGroup] = {}
    for letter in _all_letters(settings):
        key = (letter.topic, letter.reason)
        known = groups.get(key, LetterGroup(*key, 0, letter.told_ms, letter.told_ms, 0))
        groups[key] = known._replace(
            letters=known.letters + 1,
            first_ms=min(known.first_ms, letter.told_ms),
            last_ms=max(known.last_ms, letter.told_ms),
            rows=known.rows + letter.rows,
        )
    return [groups[key] for key in sorted(groups)]


def show_letters(settings: Settings, *, reason: str | None, limit: int) -> list[Letter]:
    """Return the newest *limit* letters of rejected rows, of one reason or all.

    Raises:
        ConfigError: the topics do not exist, or no row is ever rejected for that reason.
        ServiceAwayError: the broker does not answer.
    """
    reasons = [outcome.name.lower() for outcome in Outcome if outcome >= Outcome.NOT_JSON]
    if reason is not None and reason not in reasons:
        message = f"a reason must be one of {', '.join(reasons)}, got {reason!r}"
        raise ConfigError(message)
    chosen = (letter for letter in _all_letters(settings) if reason in (None, letter.reason))
    # of equal times the one that is read later is the newer one
    newest = nlargest(limit, ((letter.told_ms, place, letter) for place, letter in enumerate(chosen)))
    return [letter for *_, letter in reversed(newest)]


def replay_letters(settings: Settings, *, most_places: int = MOST_PLACES) -> ReplayReport:
    """Send records of unregistered cameras to the raw topic again, while it holds them.

    Load the registry with these cameras first. What was counted already is not counted again, since a repeated
    observation id counts once; a second call goes on where the first one ended. Letters are read once for each
    *most_places* records that they name, in place of being kept.

    Raises:
        ConfigError: the topics do not exist.
        ServiceAwayError: the broker or the database does not answer; nothing is forgotten.
    """
    with open_connection(settings.database_url, application_name="duls dlq") as connection:
        group = f"duls-replay-{installation_id(connection)}"
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    dead, raw = (describe_topic(admin, name) for name in (DEAD_DETECTIONS_TOPIC, DETECTIONS_TOPIC))
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client, group)
    producer = make_gapless_producer(settings.kafka.bootstrap_servers, settings.kafka.client)
    sender = OutboxSender(producer, should_give_up=lambda: False)
    report = ReplayReport(0, 0, 0)
    try:
        starts = _starts(reader, dead.name, dead.partitions)
        ends: dict[int, int] = {}
        last: Place | None = None
        while True:
            turn = _turn(reader, dead.name, starts, ends, LeastPlaces(last, most_places))
            held = [place for place in turn.places if place.topic_id == raw.topic_id.hex]
            sent = _send_again(reader, sender, held)
            report = ReplayReport(turn.rows, report.records + sent, report.gone + len(turn.places) - sent)
            ends = ends or turn.ends
            if len(turn.places) < most_places:
                break
            last = turn.places[-1]
        _commit(reader, dead.name, ends)
    finally:
        reader.close()
    return report


class _Turn(NamedTuple):
    """What one reading of the letters gives."""

    rows: int  # of unregistered cameras that letters stand for
    ends: dict[int, int]  # behind the last letter that was read, by partition
    places: list[Place]  # of the next records to send again


def _turn(
    reader: Consumer,
    topic: str,
    starts: Mapping[int, int],
    ends: Mapping[int, int],
    places: LeastPlaces,
) -> _Turn:
    """Read the letters from *starts*, up to the *ends* that the first turn found, or to the end where it is the first.

    What is told of meanwhile is left to the next replay, so that all turns see the same.
    """
    rows = 0
    read: dict[int, int] = {}
    for message in messages_to_end(reader, topic, starts):
        number, offset = int(message.partition() or 0), int(message.offset() or 0)
        if ends and offset >= ends.get(number, 0):
            continue
        read[number] = offset + 1
        letter = _letter(message)
        if letter is not None and letter.reason == REPLAYED_REASON:
            rows += letter.rows
            places.add(Place(letter.topic_id.hex, letter.partition, letter.offset))
    return _Turn(rows, read, places.sorted())


def _all_letters(settings: Settings) -> Iterator[Letter]:
    """Yield every letter that is kept."""
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    try:
        for name in SOURCE_OF:
            starts = dict.fromkeys(range(describe_topic(admin, name).partitions), OFFSET_BEGINNING)
            for message in messages_to_end(reader, name, starts):
                letter = _letter(message)
                if letter is not None:
                    yield letter
    finally:
        reader.close()


def _letter(message: Message) -> Letter | None:
    """Return what a message says, None when it is not one of ours."""
    try:
        wire = msgspec.json.decode(message.value() or b"", type=_WireLetter)
        topic_id = UUID(wire.topic_id)
    except (msgspec.DecodeError, ValueError):
        return None
    source = SOURCE_OF[str(message.topic())]
    told_ms = message.timestamp()[1]
    return Letter(source, topic_id, wire.partition, wire.offset, wire.index, wire.reason, told_ms, wire.rows)


def _starts(reader: Consumer, topic: str, partitions: int) -> dict[int, int]:
    """Return where the last replay ended, or the oldest offset there is."""
    done = committed_offsets(reader, topic, partitions)
    found = bounds(reader, topic, partitions)
    return {number: max(oldest, done.get(number, 0)) for number, (oldest, _end) in found.items()}


def _send_again(reader: Consumer, sender: OutboxSender, places: Iterable[Place]) -> int:
    """Append the records at *places* to the raw topic once more; return how many were still there."""
    sent = 0
    for partition, group in groupby(places, key=lambda place: place.partition):
        records = _records(reader, partition, {place.offset for place in group})
        for batch in batched_by_bytes(records, most_bytes=BATCH_BYTES):
            sender.send([OutboxMessage(DETECTIONS_TOPIC, None, value) for value in batch])
            sent += len(batch)
    return sent


def batched_by_bytes(values: Iterable[bytes | None], *, most_bytes: int) -> Iterator[list[bytes | None]]:
    """Yield values in lists, each of which ends with the first that brings it to so many bytes, or the last."""
    batch: list[bytes | None] = []
    held = 0
    for value in values:
        batch.append(value)
        held += len(value or b"") + VALUE_BYTES
        if held >= most_bytes:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _records(reader: Consumer, partition: int, offsets: set[int]) -> Iterator[bytes | None]:
    """Yield the values of the records at *offsets*, as far as the raw topic still holds them."""
    oldest, end = bounds(reader, DETECTIONS_TOPIC, partition + 1)[partition]
    left = {offset for offset in offsets if offset >= oldest}
    if not left:
        return
    # nothing is ever given of what starts behind the end, which the broker tells a little late
    for message in messages_to_end(reader, DETECTIONS_TOPIC, {partition: min(*left, end)}):
        if message.offset() in left:
            left.discard(int(message.offset() or 0))
            yield message.value()
        if not left:
            return


def _commit(reader: Consumer, topic: str, ends: Mapping[int, int]) -> None:
    """Remember how far the letters were replayed."""
    if ends:
        offsets = [TopicPartition(topic, number, end) for number, end in ends.items()]
        reader.commit(offsets=offsets, asynchronous=False)
