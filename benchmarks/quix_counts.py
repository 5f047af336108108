"""A peer: quixstreams counting positions by zone and slot, in batches, with our decoder and lookup.

Run as a process in the environment of the peers: `python -m benchmarks.quix_counts SERVERS TOPIC RECORDS DECODER`. It
is favoured: values are gathered per ten thousand, no result, no state store, no orderly end.
"""

import os
import sys
import tempfile
from importlib import import_module
from typing import Final

from benchmarks.zone_slot_counts import make_counts

BATCH: Final = 10_000
CONSUMER: Final = {"fetch.queue.backoff.ms": 5, "queued.min.messages": 100_000}
"""As ours: the default of a second stalls a fast consumer."""


def main() -> None:
    """Run the application until all records have come."""
    servers, topic, records, decoder = sys.argv[1:]
    quixstreams = import_module("quixstreams")
    counts = make_counts(decoder)
    gathered: list[bytes] = []

    def gather(value: bytes) -> None:
        gathered.append(value)
        if len(gathered) == BATCH or counts.records + len(gathered) >= int(records):
            counts.add(gathered)
            gathered.clear()
        if counts.records >= int(records):
            os._exit(0)

    app = quixstreams.Application(
        broker_address=servers,
        consumer_group=f"bench-quix-{os.getpid()}",
        auto_offset_reset="earliest",
        consumer_extra_config=CONSUMER,
        state_dir=tempfile.mkdtemp(prefix="duls-bench-"),
        loglevel="ERROR",
    )
    values = app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes"))
    values.update(gather)
    app.run()


if __name__ == "__main__":
    main()
