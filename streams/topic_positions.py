"""Where to begin to read a topic of one partition, and where it ends, as the broker knows it."""

from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from duls.errors import ServiceAwayError
from streams.topic_reader import SILENCE_S, bounds


class TopicBounds(NamedTuple):
    """The oldest offset that can be read, the end, and the first offset of a time."""

    oldest: int
    end: int
    since: int


PARTITION: Final = 0


def topic_bounds(reader: Consumer, topic: str, since_ms: int) -> TopicBounds:
    """Return where a topic begins, ends, and was at a time in milliseconds since 1970.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    oldest, end = bounds(reader, topic, 1)[PARTITION]
    try:
        (found,) = reader.offsets_for_times([TopicPartition(topic, PARTITION, since_ms)], timeout=SILENCE_S)
    except KafkaException as error:
        text = f"cannot ask where topic {topic} was: {error.args[0].str()}; is the broker running?"
        raise ServiceAwayError(text) from error
    # nothing as new as that: the end
    return TopicBounds(oldest, end, found.offset if found.offset >= 0 else end)


def told_end(admin: AdminClient, topic: str, answer_s: float) -> int:
    """Return where a topic ends, within so many seconds.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    place = TopicPartition(topic, PARTITION)
    try:
        # the client types its own constructors as untyped
        asked = admin.list_offsets({place: OffsetSpec.latest()}, request_timeout=answer_s)  # type: ignore[no-untyped-call]
        return int(asked[place].result(2 * answer_s).offset)
    except (KafkaException, FutureTimeoutError) as error:
        text = f"cannot ask for the end of topic {topic}: {type(error).__name__}; is the broker running?"
        raise ServiceAwayError(text) from error
