"""`duls dlq`: which rows were rejected, where they stand and why; never what they said."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

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
    chosen = [letter for letter in _all_letters(settings) if reason in (None, letter.reason)]
    return sorted(chosen, key=lambda letter: letter.told_ms)[-limit:]


def replay_letters(settings: Settings) -> ReplayReport:
    """Send records of unregistered cameras to the raw topic again, while it holds them.

    Load the registry with these cameras first. What was counted already is not counted again, since a repeated
    observation id counts once; a second call goes on where the first one ended.

    Raises:
        ConfigError: the topics do not exist.
        ServiceAwayError: the broker or the database does not answer; nothing is forgotten.
    """
    with open_connection(settings.database_url, application_name="duls dlq") as connection:
        group = f"duls-replay-{installation_id(connection)}"
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    dead, raw = (describe_topic(admin, name) for name in (DEAD_DETECTIONS_TOPIC, DETECTIONS_TOPIC))
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client, group)
    try:
        starts = _starts(reader, dead.name, dead.partitions)
        messages = list(messages_to_end(reader, dead.name, starts))
        letters = [letter for message in messages if (letter := _letter(message)) is not None]
        wanted = {letter for letter in letters if letter.reason == REPLAYED_REASON}
        places = {(letter.partition, letter.offset) for letter in wanted if letter.topic_id == raw.topic_id}
        sent = _send_again(settings, reader, places)
        _commit(reader, messages)
    finally:
        reader.close()
    lost = len({(letter.topic_id, letter.partition, letter.offset) for letter in wanted}) - sent
    return ReplayReport(sum(letter.rows for letter in wanted), sent, lost)


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


def _send_again(settings: Settings, reader: Consumer, places: set[tuple[int, int]]) -> int:
    """Append the records at *places* to the raw topic once more; return how many were still there."""
    producer = make_gapless_producer(settings.kafka.bootstrap_servers, settings.kafka.client)
    sender = OutboxSender(producer, should_give_up=lambda: False)
    sent = 0
    for partition in sorted({partition for partition, _offset in places}):
        offsets = {offset for number, offset in places if number == partition}
        records = list(_records(reader, partition, offsets))
        sender.send([OutboxMessage(DETECTIONS_TOPIC, None, value) for value in records])
        sent += len(records)
    return sent


def _records(reader: Consumer, partition: int, offsets: set[int]) -> Iterator[bytes | None]:
    """Yield the values of the records at *offsets*, as far as the raw topic still holds them."""
    oldest, _end = bounds(reader, DETECTIONS_TOPIC, partition + 1)[partition]
    left = {offset for offset in offsets if offset >= oldest}
    if not left:
        return
    for message in messages_to_end(reader, DETECTIONS_TOPIC, {partition: min(left)}):
        if message.offset() in left:
            left.discard(int(message.offset() or 0))
            yield message.value()
        if not left:
            return


def _commit(reader: Consumer, messages: list[Message]) -> None:
    """Remember how far the letters were replayed."""
    ends: dict[tuple[str, int], int] = {}
    for message in messages:
        ends[str(message.topic()), int(message.partition() or 0)] = int(message.offset() or 0) + 1
    if ends:
        offsets = [TopicPartition(topic, number, end) for (topic, number), end in ends.items()]
        reader.commit(offsets=offsets, asynchronous=False)
