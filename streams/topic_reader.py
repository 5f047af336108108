"""Reading a topic outside any group: for people who ask what is in it, not for the stream."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from duls.errors import ServiceAwayError
from streams.clients import Properties, make_consumer

CONSUME_S: Final = 0.1
MESSAGES_AT_ONCE: Final = 1_000
SILENCE_S: Final = 15.0  # until a broker that sends nothing counts as away
US_PER_MS: Final = 1_000
RETRIES: Final = 5  # where the oldest record is removed while it is asked for


class _GoneError(Exception):
    """What was to be read was removed between the question where it is and the one for it."""


def make_reader(bootstrap_servers: str, properties: Properties, group: str = "duls-reader") -> Consumer:
    """Return a consumer that joins no group and says where a partition ends; *group* names its stored offsets."""
    # the broker tells the end of a partition only after it has waited for more
    return make_consumer(bootstrap_servers, group, {"fetch.wait.max.ms": 20, **properties}, tells_end=True)


def messages_to_end(reader: Consumer, topic: str, starts: Mapping[int, int]) -> Iterator[Message]:
    """Yield the messages of a topic up to the end that each partition has when it is reached.

    Args:
        reader: made by `make_reader`.
        topic: its name.
        starts: first offset of each partition; OFFSET_BEGINNING for the oldest there is.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    try:
        yield from _messages(reader, topic, starts)
    except _GoneError as error:
        raise ServiceAwayError(str(error)) from error


def _messages(reader: Consumer, topic: str, starts: Mapping[int, int]) -> Iterator[Message]:
    """Yield what `messages_to_end` does; raise _GoneError where it was removed."""
    reader.assign([TopicPartition(topic, number, start) for number, start in starts.items()])
    unread = set(starts)
    silent_s = 0.0
    while unread:
        # a call for many waits its whole time even when some are there
        messages = reader.consume(1, CONSUME_S) + reader.consume(MESSAGES_AT_ONCE, 0)
        silent_s = 0.0 if messages else silent_s + CONSUME_S
        if silent_s > SILENCE_S:
            text = f"cannot read topic {topic}: nothing came in {SILENCE_S:g} s; is the broker running?"
            raise ServiceAwayError(text)
        for message in messages:
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # the client has no public name for it
                unread.discard(message.partition())
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001  # the same
                text = f"cannot read topic {topic}: {error.str()}"
                raise _GoneError(text)
            elif not error.retriable():
                text = f"cannot read topic {topic}: {error.str()}"
                raise ServiceAwayError(text)


def oldest_times_us(reader: Consumer, topic: str, partitions: int) -> dict[int, int]:
    """Return the time of the oldest readable record of each partition that has one, microseconds since 1970.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    found = {number: _oldest_time_us(reader, topic, number) for number in range(partitions)}
    return {number: oldest_us for number, oldest_us in found.items() if oldest_us is not None}


def _oldest_time_us(reader: Consumer, topic: str, number: int) -> int | None:
    """Return the time of the oldest readable record of a partition, None without any."""
    start = {number: OFFSET_BEGINNING}
    for _ in range(RETRIES):
        with suppress(_GoneError):
            return _first_time_us(_messages(reader, topic, start))
    return _first_time_us(messages_to_end(reader, topic, start))


def _first_time_us(messages: Iterator[Message]) -> int | None:
    """Return the time of the first message, None without any."""
    first = next(messages, None)
    return None if first is None else int(first.timestamp()[1]) * US_PER_MS


def bounds(reader: Consumer, topic: str, partitions: int) -> dict[int, tuple[int, int]]:
    """Return the oldest offset and the end of each partition as the broker tells them.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    try:
        return {
            number: reader.get_watermark_offsets(TopicPartition(topic, number), timeout=SILENCE_S)
            for number in range(partitions)
        }
    except KafkaException as error:
        text = f"cannot ask for the end of topic {topic}: {error.args[0].str()}; is the broker running?"
        raise ServiceAwayError(text) from error


def end_of(reader: Consumer, topic: str, partition: int, answer_s: float) -> int:
    """Return where a partition ends, within so many seconds.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    try:
        _, end = reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=answer_s)
    except KafkaException as error:
        text = f"cannot ask for the end of topic {topic}: {error.args[0].str()}; is the broker running?"
        raise ServiceAwayError(text) from error
    return int(end)


def committed_offsets(reader: Consumer, topic: str, partitions: int) -> dict[int, int]:
    """Return the offsets that the group of the reader has committed, for each partition that has one.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    return {place.partition: place.offset for place in committed_places(reader, topic, partitions)}


def committed_places(reader: Consumer, topic: str, partitions: int) -> list[TopicPartition]:
    """Return what the group of the reader has committed, with metadata, of each partition that has an offset.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    places = [TopicPartition(topic, number) for number in range(partitions)]
    try:
        found = reader.committed(places, timeout=SILENCE_S)
    except KafkaException as error:
        text = f"cannot ask for committed offsets of topic {topic}: {error.args[0].str()}; is the broker running?"
        raise ServiceAwayError(text) from error
    return [place for place in found if place.offset >= 0]
