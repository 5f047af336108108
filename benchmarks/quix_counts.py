"""A peer: quixstreams counting positions by zone and slot, run in the environment of the peers.

Form WINDOWS takes event time from the record, gives each zone of a position a row, groups by zone through a topic, and
counts in tumbling windows in the state store, as https://quix.io/docs/quix-streams/windowing.html and
https://quix.io/docs/quix-streams/groupby.html show: windows are by the key of the message, so there is no way around
`group_by`. Form LIVE sends the same counts to a topic. Form PLAIN is `update` with decoded JSON and a dictionary, form
BATCHES gathers bytes by ten thousand.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final

from benchmarks.peer_forms import COUNTS_TOPIC, LATENESS_S, SLOT_S, Forms, arrange, end
from benchmarks.plain_zones import PlainCounts, PlainZones
from benchmarks.zone_slot_counts import make_counts

BATCH: Final = 10_000
CONSUMER: Final = {"fetch.queue.backoff.ms": 5, "queued.min.messages": 100_000}
"""As ours: the default of a second stalls a fast consumer."""


def make_app(servers: str) -> Any:
    """Return an application that reads from the beginning."""
    return import_module("quixstreams").Application(
        broker_address=servers,
        consumer_group=f"bench-quix-{os.getpid()}",
        auto_offset_reset="earliest",
        consumer_extra_config=CONSUMER,
        state_dir=tempfile.mkdtemp(prefix="duls-bench-"),
        loglevel="ERROR",
    )


def in_batches(app: Any, topic: str, records: int, form: str) -> None:
    """Count batches of bytes."""
    counts = make_counts(form)
    gathered: list[bytes] = []

    def gather(value: bytes) -> None:
        gathered.append(value)
        if len(gathered) == BATCH or counts.records + len(gathered) >= records:
            counts.add(gathered)
            gathered.clear()
        if counts.records >= records:
            end(counts.cells())

    app.dataframe(app.topic(topic, value_deserializer="bytes", key_deserializer="bytes")).update(gather)


def one_by_one(app: Any, topic: str, records: int) -> None:
    """Count single records in a dictionary."""
    counts = PlainCounts()

    def add(position: Mapping[str, Any]) -> None:
        counts.add(position)
        if counts.records >= records:
            end(counts.cells)

    app.dataframe(app.topic(topic, value_deserializer="json")).update(add)


def in_windows(app: Any, topic: str, positions_in_zones: int) -> None:
    """Count single records in windows by zone."""
    cells: dict[tuple[int, int], int] = {}
    counted = 0

    def note(window: Mapping[str, int], zone: int, _timestamp: int, _headers: Any) -> None:
        nonlocal counted
        cells[zone, window["start"] // (SLOT_S * 1_000)] = window["value"]
        counted += 1
        if counted >= positions_in_zones:
            end(cells)

    current_counts(app, topic, PlainZones()).update(note, metadata=True)


def live(app: Any, topic: str) -> None:
    """Count single records in windows by zone, and send each new count."""
    told = app.topic(COUNTS_TOPIC, key_serializer="json", value_serializer="json")
    current_counts(app, topic, PlainZones.with_markers()).to_topic(told)


def current_counts(app: Any, topic: str, zones: PlainZones) -> Any:
    """Return the counts of windows by zone, one with each position in a zone."""
    positions = app.dataframe(
        app.topic(topic, value_deserializer="json", timestamp_extractor=_event_ms)
    ).apply(lambda position: [{"zone": zone} for zone in zones.around(position)], expand=True)
    windows = positions.group_by("zone").tumbling_window(
        timedelta(seconds=SLOT_S), grace_ms=timedelta(seconds=LATENESS_S)
    )
    return windows.count().current()


def _event_ms(value: Mapping[str, Any], _headers: Any, _timestamp: float, _kind: Any) -> int:
    return int(datetime.fromisoformat(value["time"]).timestamp() * 1_000)


def main() -> None:
    """Run the application."""
    app = arrange(Forms(one_by_one, in_windows, in_batches, live), make_app, sys.argv[1:])
    app.run()


if __name__ == "__main__":
    main()
