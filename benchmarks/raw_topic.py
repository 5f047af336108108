"""Making topics and filling them with records."""

import time
from collections.abc import Iterable, Iterator
from typing import Final

from confluent_kafka import Producer
from confluent_kafka.cimpl import NewTopic

from benchmarks.city_records import Chunk
from streams.clients import make_admin

PARTITIONS: Final = 8
ANSWER_S: Final = 30.0
ARRIVING_PER_S: Final = 150_000
"""Positions that arrive in a second at most: what this machine sustains with everything on it (`benchmarks.sustained`).

The times of arrival stay with the records, and aggregate holds five seconds of arrival to put them into order. So a
topic that is filled faster than any feed makes it hold more than it ever has to.
"""
PRODUCER: Final[dict[str, str | int]] = {
    "linger.ms": 50,
    "batch.num.messages": 10_000,
    "batch.size": 500_000,
    "compression.type": "lz4",
    "queue.buffering.max.messages": 200_000,
}


def make_topic(bootstrap_servers: str, name: str) -> None:
    """Make a topic like a raw one, where it does not exist."""
    admin = make_admin(bootstrap_servers, {})
    if name not in admin.list_topics(timeout=ANSWER_S).topics:
        topic = NewTopic(name, PARTITIONS, 1, config={"message.timestamp.type": "LogAppendTime"})
        admin.create_topics([topic])[name].result(ANSWER_S)


def delete_topic(bootstrap_servers: str, name: str) -> None:
    """Delete a topic where it exists, and wait until it is gone."""
    admin = make_admin(bootstrap_servers, {})
    if name in admin.list_topics(timeout=ANSWER_S).topics:
        admin.delete_topics([name])[name].result(ANSWER_S)


def paced(chunks: Iterable[Chunk], positions_per_s: float) -> Iterator[Chunk]:
    """Yield chunks no faster than so many positions a second."""
    began_s = time.monotonic()
    positions = 0
    for chunk in chunks:
        time.sleep(max(0.0, began_s + positions / positions_per_s - time.monotonic()))
        yield chunk
        positions += chunk.positions


def fill(bootstrap_servers: str, topic: str, chunks: Iterable[Chunk]) -> int:
    """Send records, all of a vehicle to one partition; return how many once they are acknowledged."""
    producer = Producer({**PRODUCER, "bootstrap.servers": bootstrap_servers})
    sent = 0
    for chunk in chunks:
        for value, vehicle in zip(chunk.values, chunk.vehicle, strict=True):
            producer.produce(topic, value, partition=vehicle % PARTITIONS)
        sent += len(chunk.values)
        while len(producer) > PRODUCER["queue.buffering.max.messages"] // 2:  # type: ignore[operator] # it is a number
            producer.poll(0.05)
    left = producer.flush(ANSWER_S)
    if left:
        message = f"{left} records were not acknowledged within {ANSWER_S} s"
        raise TimeoutError(message)
    return sent
