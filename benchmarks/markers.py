"""Marker vehicles: each enters a zone of its own when it is due, and rows that show it are watched for."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec
import psycopg
from confluent_kafka import Producer

from benchmarks.marker_zones import SIDE_DEG, Marker
from streams.topics import POSITIONS_TOPIC

VEHICLE_CLASS: Final = "unknown"  # no vehicle of the city is of it
PRODUCER: Final[dict[str, str | int]] = {"linger.ms": 0, "compression.type": "lz4", "log_level": 3}

NOW_QUERY: Final = (
    "SELECT zone_id FROM live.zone_now WHERE zone_id = ANY(%s) AND vehicle_class = 'unknown' AND present > 0"
)
FLOW_QUERY: Final = (
    "SELECT zone_id, sum(entries + appearances)::integer FROM live.zone_flow "
    "WHERE zone_id = ANY(%s) AND vehicle_class = 'unknown' GROUP BY zone_id"
)


class Entry(msgspec.Struct):
    """One entry of a marker vehicle and when it was seen; seconds of the monotonic clock."""

    zone_id: str
    number: int  # how often the zone has been entered then
    scheduled_s: float
    now_s: float | None = None  # first seen in live.zone_now
    flow_s: float | None = None  # first seen in live.zone_flow
    alert_s: float | None = None  # its alert first seen on the topic of alerts


class MarkerSender:
    """Sends positions of marker vehicles at their moments, into and out of their zones by turns."""

    def __init__(self, bootstrap_servers: str, markers: Sequence[Marker], period_s: float) -> None:
        self._producer = Producer({**PRODUCER, "bootstrap.servers": bootstrap_servers})
        self._markers = markers
        self._every_s = period_s / len(markers) / 2
        self._sent = 0
        self.entries: list[Entry] = []

    def send_due(self, start_s: float, now_s: float) -> None:
        """Send everything that is due; what is late is measured from the moment that it was due."""
        while start_s + self._sent * self._every_s <= now_s:
            turn, place = divmod(self._sent, len(self._markers))
            marker = self._markers[place]
            is_entry = turn % 2 == 0
            if is_entry:
                due_s = start_s + self._sent * self._every_s
                self.entries.append(Entry(marker.zone_id, turn // 2 + 1, due_s))
            self._send(marker, marker.lat if is_entry else marker.lat - 2 * SIDE_DEG)
            self._sent += 1
        self._producer.poll(0)

    def close(self) -> None:
        """End the client, before its broker ends."""
        self._producer.close()

    def _send(self, marker: Marker, lat: float) -> None:
        """Send a position of now."""
        position = {
            "vehicle": marker.vehicle,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "lat": round(lat, 6),
            "lon": round(marker.lon, 6),
        }
        self._producer.produce(POSITIONS_TOPIC, msgspec.json.encode(position), key=marker.vehicle)


def note_now(connection: psycopg.Connection, entries: Sequence[Entry]) -> None:
    """Note the entries whose zone has a vehicle in `live.zone_now`."""
    waiting = [entry for entry in entries if entry.now_s is None]
    if waiting:
        rows = connection.execute(NOW_QUERY, ([entry.zone_id for entry in waiting],)).fetchall()
        seen_s = time.monotonic()
        found = {row[0] for row in rows}
        for entry in waiting:
            if entry.zone_id in found:
                entry.now_s = seen_s


def note_flow(connection: psycopg.Connection, entries: Sequence[Entry]) -> None:
    """Note the entries that `live.zone_flow` has counted."""
    waiting = [entry for entry in entries if entry.flow_s is None]
    if waiting:
        rows = connection.execute(FLOW_QUERY, ([entry.zone_id for entry in waiting],)).fetchall()
        seen_s = time.monotonic()
        counted: dict[str, int] = dict(rows)
        for entry in waiting:
            if counted.get(entry.zone_id, 0) >= entry.number:
                entry.flow_s = seen_s
