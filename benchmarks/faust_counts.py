"""A peer: a Faust worker that counts positions by zone and slot.

Form WINDOWS is a tumbling table relative to a field of the model, with its changelog topic, as
https://faust.readthedocs.io/en/latest/userguide/tables.html shows. It is favoured: one worker has all partitions, so
the repartition by zone (`group_by`) that the page asks for is left out, and the table stays in memory.
Form LIVE sends each new count of that table, as https://faust.readthedocs.io/en/latest/userguide/topics.html shows.
Form PLAIN iterates over the stream of models, form BATCHES over `take`.
"""

import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final, cast

import faust

from benchmarks.peer_forms import COUNTS_TOPIC, LATENESS_S, SLOT_S, Forms, arrange, end
from benchmarks.plain_zones import PlainCounts, PlainZones
from benchmarks.raw_topic import PARTITIONS
from benchmarks.zone_slot_counts import make_counts

TAKE: Final = 10_000
WITHIN_S: Final = 0.2
Agent = Callable[[Any], Awaitable[None]]


class Position(faust.Record, serializer="json"):
    """The fields that are needed, as the documentation declares a model."""

    time: str
    lat: float
    lon: float


class TimedPosition(faust.Record, serializer="json", isodates=True):
    """The same, with a time that a window can be relative to."""

    time: datetime
    lat: float
    lon: float


def make_app(servers: str) -> faust.App:
    """Return a worker that reads from the beginning."""
    return faust.App(
        f"bench-{os.getpid()}",
        broker=f"kafka://{servers}",
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        datadir=tempfile.gettempdir(),
    )


def in_batches(app: faust.App, topic: str, records: int, form: str) -> None:
    """Count batches of bytes."""
    counts = make_counts(form)

    @app.agent(app.topic(topic, value_serializer="raw", key_serializer="raw"))
    async def count(stream: Any) -> None:
        """Count."""
        async for values in stream.take(TAKE, within=WITHIN_S):
            counts.add([value for value in values if value])
            if counts.records >= records:
                end(counts.cells())


def one_by_one(app: faust.App, topic: str, records: int) -> None:
    """Count single models in a dictionary."""
    counts = PlainCounts()

    @app.agent(app.topic(topic, value_type=Position))
    async def count(positions: Any) -> None:
        """Count."""
        async for position in positions:
            counts.add({"time": position.time, "lat": position.lat, "lon": position.lon})
            if counts.records >= records:
                end(counts.cells)


def windowed_table(app: faust.App) -> Any:
    """Return a table of counts by window, which by time is that of the model."""
    table = app.Table("counts", default=int, partitions=PARTITIONS)
    return table.tumbling(
        timedelta(seconds=SLOT_S), expires=timedelta(seconds=SLOT_S + LATENESS_S)
    ).relative_to_field(cast("Any", TimedPosition.time))  # a descriptor of the model


def in_windows(app: faust.App, topic: str, positions_in_zones: int) -> None:
    """Count single models in a table of tumbling windows."""
    zones = PlainZones()
    counts = windowed_table(app)
    counted = 0

    @app.agent(app.topic(topic, value_type=TimedPosition))
    async def count(positions: Any) -> None:
        """Count."""
        nonlocal counted
        async for position in positions:
            for zone in zones.around({"lat": position.lat, "lon": position.lon}):
                counts[zone] += 1
                counted += 1
            if counted >= positions_in_zones:
                end(
                    {
                        (zone, int(begin) // SLOT_S): value
                        for (zone, (begin, _)), value in counts.table.items()
                    }
                )


def live(app: faust.App, topic: str) -> None:
    """Count single models in a table of tumbling windows, and send each new count."""
    zones = PlainZones.with_markers()
    counts = windowed_table(app)
    told = app.topic(COUNTS_TOPIC, key_serializer="raw", value_serializer="json")

    @app.agent(app.topic(topic, value_type=TimedPosition))
    async def count(positions: Any) -> None:
        """Count."""
        async for position in positions:
            for zone in zones.around({"lat": position.lat, "lon": position.lon}):
                counts[zone] += 1
                await told.send(key=str(zone).encode(), value=counts[zone].value())


def main() -> None:
    """Run the worker."""
    app = arrange(Forms(one_by_one, in_windows, in_batches, live), make_app, sys.argv[1:])
    sys.argv[1:] = ["worker", "--loglevel", "error", "--without-web"]
    app.main()


if __name__ == "__main__":
    main()
