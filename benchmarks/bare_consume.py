"""The bound: read a topic with `consume(20000)` and decode it, and nothing else; no commit, no check, no result.

Run as a process: `python -m benchmarks.bare_consume SERVERS TOPIC RECORDS DECODER` ends after so many records.
"""

import sys
from typing import Final, cast

from confluent_kafka import TopicPartition

from benchmarks.decoders import LOADERS
from streams.clients import make_consumer

BATCH: Final = 20_000
WAIT_S: Final = 0.05


def main() -> None:
    """Read and decode."""
    servers, topic, records, decoder = sys.argv[1:]
    decode = LOADERS[decoder]()
    consumer = make_consumer(servers, "bare", {})
    partitions = consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    left = int(records)
    while left > 0:
        values = [message.value() for message in consumer.consume(BATCH, WAIT_S)]
        if None in values:  # ticks
            values = [value for value in values if value is not None]
        if values:
            decode(cast("list[bytes]", values))
        left -= len(values)
    consumer.close()


if __name__ == "__main__":
    main()
