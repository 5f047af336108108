"""Raw topics from outside: records are sent to chosen partitions and read back as the broker keeps them.

The arrival of a record is the largest append time so far in its partition: what intake must compute, computed here
from the topic itself.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.clients import KeptProducer, make_client
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC

FMS: Final = "fms"
ANPR: Final = "anpr"
TOPICS: Final = {FMS: POSITIONS_TOPIC, ANPR: DETECTIONS_TOPIC}
ANSWER_S: Final = 30.0
US_PER_MS: Final = 1_000
TICK_HEADER: Final = "duls-tick"
BATCH: Final = 20_000


class Outgoing(NamedTuple):
    """A record to send."""

    source: str
    partition: int
    value: bytes | None


class RawRecord(NamedTuple):
    """A record as the topic keeps it; ticks are left out."""

    source: str
    partition: int
    offset: int
    arrival_us: int
    value: bytes | None


class Ends(NamedTuple):
    """The end of every raw partition and the newest arrival in any."""

    offsets: dict[tuple[str, int], int]
    arrival_us: dict[str, int]


def new_sender(bootstrap_servers: str) -> Producer:
    """Return a producer that goes on through restarts of the broker, without losing or doubling."""
    return make_client(
        KeptProducer,
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "message.timeout.ms": 0,
            "linger.ms": 20,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 2_000_000,
            "queue.buffering.max.kbytes": 1_048_576,
            "message.max.bytes": 2 * 1024 * 1024,
            "log_level": 0,
        },
    )


def queue(sender: Producer, records: Iterable[Outgoing]) -> int:
    """Queue records; return how many."""
    count = 0
    for record in records:
        sender.produce(TOPICS[record.source], record.value, partition=record.partition)
        count += 1
    return count


def send(bootstrap_servers: str, records: Iterable[Outgoing], *, timeout_s: float = 120.0) -> int:
    """Send records and return how many, once the broker has them all."""
    sender = new_sender(bootstrap_servers)
    count = queue(sender, records)
    left = sender.flush(timeout_s)
    assert left == 0, f"the broker has not taken {left} of {count} records"
    return count


def ends(bootstrap_servers: str, partitions: int) -> Ends:
    """Return where the raw partitions end now."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    places = [
        (source, TopicPartition(topic, number))
        for source, topic in TOPICS.items()
        for number in range(partitions)
    ]
    latest = admin.list_offsets({place: OffsetSpec.latest() for _, place in places})
    newest = admin.list_offsets({place: OffsetSpec.max_timestamp() for _, place in places})
    offsets = {(source, tp.partition): latest[tp].result(ANSWER_S).offset for source, tp in places}
    arrival_us = dict.fromkeys(TOPICS, 0)
    for source, tp in places:
        time_us = newest[tp].result(ANSWER_S).timestamp * US_PER_MS
        arrival_us[source] = max(arrival_us[source], time_us)
    return Ends(offsets, arrival_us)


def messages_of(
    bootstrap_servers: str, topic: str, partitions: int, low: dict[int, int] | None = None
) -> Iterator[Message]:
    """Yield all messages that a topic holds now, partition by partition mixed, each partition in order."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    numbers = range(partitions)
    asked = {TopicPartition(topic, number): OffsetSpec.latest() for number in numbers}
    first = {TopicPartition(topic, number): OffsetSpec.earliest() for number in numbers}
    high = {tp.partition: future.result(ANSWER_S).offset for tp, future in admin.list_offsets(asked).items()}
    oldest = {
        tp.partition: future.result(ANSWER_S).offset for tp, future in admin.list_offsets(first).items()
    }
    left = {number for number in numbers if oldest[number] < high[number]}
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "outside",
            "enable.auto.commit": False,
            "fetch.queue.backoff.ms": 5,
            "log_level": 0,
        }
    )
    begin = {} if low is None else low
    consumer.assign([TopicPartition(topic, number, begin.get(number, OFFSET_BEGINNING)) for number in left])
    while left:
        for message in consumer.consume(BATCH, 0.2):
            assert message.error() is None, message.error()
            if message.partition() in left and message.offset() < high[message.partition()]:
                yield message
        for place in consumer.position([TopicPartition(topic, number) for number in left]):
            if place.offset >= high[place.partition]:
                left.discard(place.partition)
    consumer.close()


def read_back(bootstrap_servers: str, source: str, partitions: int) -> list[RawRecord]:
    """Return all records of a raw topic with their arrivals."""
    newest_us = dict.fromkeys(range(partitions), 0)
    records = []
    for message in messages_of(bootstrap_servers, TOPICS[source], partitions):
        number = message.partition()
        newest_us[number] = max(newest_us[number], message.timestamp()[1] * US_PER_MS)
        is_tick = message.value() is None and any(name == TICK_HEADER for name, _ in message.headers() or ())
        if not is_tick:
            records.append(RawRecord(source, number, message.offset(), newest_us[number], message.value()))
    return records
