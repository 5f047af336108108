"""A peer: bytewax counting positions by zone and slot, in batches, with our decoder and lookup.

Run as a process in the environment of the peers: `python -m benchmarks.bytewax_counts SERVERS TOPIC RECORDS DECODER`.
It is favoured: batches of ten thousand, one worker, no result, no recovery store.
"""

import os
import sys
from importlib import import_module
from typing import Any, Final

from benchmarks.zone_slot_counts import make_counts

BATCH: Final = 10_000
CONSUMER: Final = {
    "fetch.queue.backoff.ms": "5",
    "queued.min.messages": "100000",
    "group.id": f"bench-bytewax-{os.getpid()}",
}
"""As ours: the default of a second stalls a fast consumer."""


def main() -> None:
    """Run the flow until all records have come."""
    servers, topic, records, decoder = sys.argv[1:]
    flows, operators = import_module("bytewax.dataflow"), import_module("bytewax.operators")
    kafka, testing = import_module("bytewax.connectors.kafka"), import_module("bytewax.testing")
    counts = make_counts(decoder)

    def add(messages: list[Any]) -> list[Any]:
        counts.add([message.value for message in messages])
        if counts.records >= int(records):
            os._exit(0)
        return []

    flow = flows.Dataflow("counts")
    source = kafka.KafkaSource(
        brokers=[servers], topics=[topic], tail=True, batch_size=BATCH, add_config=CONSUMER
    )
    counted = operators.flat_map_batch("count", operators.input("positions", flow, source), add)
    operators.inspect("nothing", counted)
    testing.run_main(flow)


if __name__ == "__main__":
    main()
