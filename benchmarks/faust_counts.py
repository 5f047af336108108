"""The peer: a Faust worker that counts positions per zone and slot, and writes nothing.

Run as a process: `python -m benchmarks.faust_counts SERVERS TOPIC RECORDS DECODER` ends after so many records.
It is favoured: batches by `take`, the fastest decoder, our zone lookup, no result, no orderly end.
"""

import os
import sys
import tempfile
from typing import Any, Final

import faust

from benchmarks.zone_slot_counts import Counts, make_counts

TAKE: Final = 10_000
WITHIN_S: Final = 0.2


def build_app(servers: str, topic: str, records: int, decoder: str) -> faust.App:
    """Return the worker."""
    app = faust.App(
        f"bench-{os.getpid()}",
        broker=f"kafka://{servers}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        value_serializer="raw",
        key_serializer="raw",
        datadir=tempfile.gettempdir(),
    )
    counts: Counts = make_counts(decoder)

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"))
    async def count(stream: Any) -> None:
        """Count batches."""
        async for values in stream.take(TAKE, within=WITHIN_S):
            counts.add([value for value in values if value])
            if counts.records >= records:
                os._exit(0)

    return app


def main() -> None:
    """Run the worker."""
    servers, topic, records, decoder = sys.argv[1:]
    app = build_app(servers, topic, int(records), decoder)
    sys.argv[1:] = ["worker", "--loglevel", "error", "--without-web"]
    app.main()


if __name__ == "__main__":
    main()
