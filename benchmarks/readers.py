"""The ways to read a topic that B3 compares; none commits, checks or keeps anything.

Run as a process: `python -m benchmarks.readers WAY SERVERS TOPIC RECORDS` ends after so many records.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from importlib import import_module
from typing import Any, Final, cast

from confluent_kafka import Consumer, TopicPartition

from benchmarks.raw_topic import PARTITIONS
from streams.batch_reader import make_record_reader
from streams.clients import make_consumer
from streams.decode.positions import decode_positions
from streams.raw_batch import Reading

BATCH: Final = 20_000
WAIT_S: Final = 0.05


def _consumer(servers: str, topic: str) -> Consumer:
    consumer = make_consumer(servers, "bench-read", {})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    return consumer


def _consumed(servers: str, topic: str) -> Iterator[list[bytes]]:
    """Yield the values of batches."""
    consumer = _consumer(servers, topic)
    while True:
        yield [
            cast("bytes", message.value())
            for message in consumer.consume(BATCH, WAIT_S)
            if message.value() is not None
        ]


def consume(servers: str, topic: str, records: int) -> None:
    """Read batches of message objects."""
    for values in _consumed(servers, topic):
        records -= len(values)
        if records <= 0:
            break


def consume_and_decode(servers: str, topic: str, records: int) -> None:
    """Read batches of message objects and decode their values."""
    for values in _consumed(servers, topic):
        decode_positions(values)
        records -= len(values)
        if records <= 0:
            break


def poll(servers: str, topic: str, records: int) -> None:
    """Read one message at a time."""
    consumer = _consumer(servers, topic)
    while records > 0:
        message = consumer.poll(WAIT_S)
        records -= message is not None and message.value() is not None


def _read(servers: str, topic: str) -> Generator[Reading, None, None]:
    """Yield what the reader of intake reads."""
    consumer = make_consumer(servers, "bench-read", {})
    reader = make_record_reader(consumer)
    partitions = [TopicPartition(topic, number, 0) for number in range(PARTITIONS)]
    try:
        reader.attach(partitions)
        consumer.assign(partitions)
        while True:
            yield reader.read(BATCH, WAIT_S)
    finally:
        reader.close()
        consumer.close()


def read(servers: str, topic: str, records: int) -> None:
    """Read as intake does."""
    with closing(_read(servers, topic)) as readings:
        for reading in readings:
            records -= reading.messages
            if records <= 0:
                break


def read_and_decode(servers: str, topic: str, records: int) -> None:
    """Read and decode as intake does."""
    with closing(_read(servers, topic)) as readings:
        for reading in readings:
            for columns in reading.topics.values():
                decode_positions(columns.values)
            records -= reading.messages
            if records <= 0:
                break


def aiokafka(servers: str, topic: str, records: int) -> None:
    """Read batches with aiokafka."""
    library = import_module("aiokafka")  # loaded where it is measured

    async def read(left: int) -> None:
        """Read so many records."""
        consumer: Any = library.AIOKafkaConsumer(
            bootstrap_servers=servers, group_id=None, auto_offset_reset="earliest", max_poll_records=BATCH
        )
        await consumer.start()
        consumer.assign([library.TopicPartition(topic, number) for number in range(PARTITIONS)])
        await consumer.seek_to_beginning()
        while left > 0:
            left -= sum(map(len, (await consumer.getmany(timeout_ms=50, max_records=BATCH)).values()))
        os._exit(0)

    asyncio.run(read(records))


WAYS: Final[dict[str, Callable[[str, str, int], None]]] = {
    "consume": consume,
    "consume_and_decode": consume_and_decode,
    "poll": poll,
    "read": read,
    "read_and_decode": read_and_decode,
    "aiokafka": aiokafka,
}


def main() -> None:
    """Read."""
    way, servers, topic, records = sys.argv[1:]
    WAYS[way](servers, topic, int(records))


if __name__ == "__main__":
    main()
