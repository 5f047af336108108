"""The peer: a Faust worker that counts positions per zone and slot, and writes nothing.

Run as a process: `python -m benchmarks.faust_counts SERVERS TOPIC RECORDS DECODER` ends after so many records.
It is favoured: batches by `take`, the fastest decoder, our zone lookup, no result, no orderly end.
"""

import os
import sys
import tempfile
from typing import Any, Final

import faust
import numpy as np

from benchmarks.city_records import build_city
from benchmarks.decoders import LOADERS
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

TAKE: Final = 10_000
WITHIN_S: Final = 0.2
SLOT_US: Final = 300_000_000


class ZoneSlotCounts:
    """How many positions were in each zone in each slot."""

    def __init__(self) -> None:
        self.records = 0
        self.cells: dict[tuple[int, int], int] = {}  # by zone set and slot
        self._sets = ZoneSets()
        zones = build_city(1).zones
        self._index = build_zone_index(
            [IndexedZone(number, zone.polygons) for number, zone in enumerate(zones)], self._sets
        )

    def add(self, decoded: Any) -> None:
        """Count a batch of decoded positions."""
        sets = lookup(self._index, self._sets, decoded.lon, decoded.lat)
        keys, counts = np.unique(sets * np.int64(1 << 32) + decoded.event_us // SLOT_US, return_counts=True)
        for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
            cell = key >> 32, key & 0xFFFFFFFF
            self.cells[cell] = self.cells.get(cell, 0) + count
        self.records += decoded.lon.size


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
    counts = ZoneSlotCounts()
    decode = LOADERS[decoder]()

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"))
    async def count(stream: Any) -> None:
        """Count batches."""
        async for values in stream.take(TAKE, within=WITHIN_S):
            counts.add(decode([value for value in values if value]))
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
