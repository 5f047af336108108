"""A small city in a real database whose vehicles, feeds, alerts and past slots tests set as they like."""

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

import psycopg

from processors.zone_area import area_km2
from processors.zone_feature import Polygon, ZoneFeature
from sinks.connection import open_connection
from sinks.migrate import migrate
from sinks.registry import store_zones

MUNICIPALITY: Final = "GM9999"
OTHER_MUNICIPALITY: Final = "GM8888"
WEST, SOUTH = 5.0, 52.0
SLOT_S: Final = 300
BEAT_S: Final = 0.25
FEEDS: Final = {"fms": 0, "anpr": 1}
CAPACITIES: Final = (10, 20, 4, 5, 8, 6, 12, 15, 9, 3, 7, 11)


def square(lon: float, lat: float, side: float) -> tuple[Polygon, ...]:
    """Return a square of *side* degrees, placed from the south-west corner of the city."""
    west, south = WEST + lon, SOUTH + lat
    east, north = west + side * 1.6, south + side
    return (((((west, south), (east, south), (east, north), (west, north), (west, south)),)),)


def zone(
    zone_id: str, name: str, kind: str, shape: tuple[Polygon, ...], capacity: int | None = None
) -> ZoneFeature:
    """Return a zone of the city."""
    return ZoneFeature(zone_id, name, kind, MUNICIPALITY, capacity, area_km2(shape), shape)


def city_zones() -> list[ZoneFeature]:
    """Return the municipality, four neighbourhoods, a zero-emission zone, twelve small zones, and one elsewhere."""
    zones = [
        zone("stad", "Veldstad", "municipality", square(0, 0, 0.08)),
        zone("ze", "Zero-emissiezone", "zero_emission_zone", square(0.032, 0.02, 0.04), 40),
    ]
    zones += [
        zone(
            f"buurt-{number}",
            f"Buurt {number}",
            "neighbourhood",
            square(0.064 * (number % 2), 0.04 * (number // 2), 0.04),
        )
        for number in range(4)
    ]
    zones += [
        zone(
            f"plek-{number}",
            f"Plek {number}",
            "loading_zone",
            square(0.02 + 0.024 * (number % 4), 0.012 + 0.02 * (number // 4), 0.006),
            capacity,
        )
        for number, capacity in enumerate(CAPACITIES)
    ]
    elsewhere = zone("elders", "Elders", "smart_zone", square(0.13, 0.03, 0.01), 5)
    return [*zones, dataclasses.replace(elsewhere, municipality=OTHER_MUNICIPALITY)]


class LiveCity:
    """The writer of the database at *url*; a thread keeps its clocks going. *more* zones than the usual ones."""

    def __init__(self, url: str, more: Sequence[ZoneFeature] = ()) -> None:
        self.url = url
        self._zones = [*city_zones(), *more]
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._paused: set[str] = set()
        self._thread = threading.Thread(target=self._beat, name="city", daemon=True)

    def __enter__(self) -> Self:
        """Migrate, load the zones and begin to beat."""
        migrate(self.url)
        with open_connection(self.url, application_name="city") as connection:
            store_zones(connection, self._zones, lambda _: [])
        self._execute("INSERT INTO core.now_clock VALUES (0, now())")
        for source in FEEDS.values():
            self._execute("INSERT INTO core.feed_clock VALUES (0, %s, now(), now(), now())", source)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Beat no more."""
        self._stop.set()
        self._thread.join()

    def present(self, zone_id: str, count: int, *, vehicle_class: int = 3, silent: int = 0) -> None:
        """Set the vehicles of a class in a zone."""
        self._execute(
            "INSERT INTO core.zone_now_part SELECT 0, zone_no, %s, 1, %s, %s FROM core.zone WHERE zone_id = %s "
            "ON CONFLICT (partition, zone_no, vehicle_class, zero_emission) "
            "DO UPDATE SET present = excluded.present, silent = excluded.silent",
            vehicle_class,
            count,
            silent,
            zone_id,
        )

    def accept(self, count: int) -> None:
        """Count positions as accepted in the running minute."""
        self._execute(
            "INSERT INTO core.feed_minute VALUES (0, date_trunc('minute', now()), %s, 0, 0, 0, 0, 0, 0) "
            "ON CONFLICT (source, minute) DO UPDATE SET accepted = core.feed_minute.accepted + excluded.accepted",
            count,
        )

    def slot(self, zone_id: str, slots_ago: int, mean: float) -> int:
        """Give a zone a mean number of vehicles in a past slot; return its start, milliseconds since 1970."""
        start_s = (int(time.time()) // SLOT_S - slots_ago) * SLOT_S
        self._execute(
            "INSERT INTO core.flow_slot SELECT zone_no, 3, 1, to_timestamp(%s), %s, 0, 1, 1, 5, 4, 0, 0, %s, "
            "0, 0, 0, 0, 0, 0, 0 FROM core.zone WHERE zone_id = %s",
            start_s,
            SLOT_S,
            round(mean * SLOT_S * 1e6),
            zone_id,
        )
        return start_s * 1_000

    def alert(
        self,
        alert_id: str,
        zone_id: str,
        reason: str | None,
        minutes_ago: int,
        *,
        reason_en: str | None = None,
    ) -> None:
        """Raise an alert, with its reason in Dutch and English."""
        self._execute(
            "INSERT INTO core.alert (alert_id, zone_no, rule, state, value, capacity, pct, since, reason, reason_en) "
            "SELECT %s, zone_no, 'present', 'firing', 11, 10, 110, now() - %s * interval '1 minute', %s, %s "
            "FROM core.zone WHERE zone_id = %s",
            alert_id,
            minutes_ago,
            reason,
            reason_en,
            zone_id,
        )

    def rising(self, zone_id: str, minutes: int) -> None:
        """Let a zone be likely too full in so many minutes; 0: not any more."""
        self._execute("DELETE FROM core.alert_watch")
        self._execute(
            "INSERT INTO core.alert_watch (zone_no, rule, shard, state, changed_at, value, capacity, probability_30, "
            "expected_at, muted, document) SELECT zone_no, 'present', 0, 'rising', now(), 7, 10, 0.62, "
            "now() + %s * interval '1 minute', false, '{}' FROM core.zone WHERE zone_id = %s AND %s > 0",
            minutes,
            zone_id,
            minutes,
        )

    def acknowledge(self, alert_id: str, who: str) -> None:
        """Let somebody have seen an alert."""
        self._execute(
            "UPDATE core.alert SET state = 'acknowledged', acknowledged_by = %s, acknowledged_at = now() "
            "WHERE alert_id = %s",
            who,
            alert_id,
        )

    def forget_alerts(self) -> None:
        """Remove all alerts."""
        self._execute("DELETE FROM core.alert")

    @contextmanager
    def silent(self, *feeds: str, age_s: float, is_stalled: bool = False) -> Iterator[None]:
        """Keep feeds from sending, the last time *age_s* ago; stalled: nothing is taken any more either."""
        with self._lock:
            self._paused.update(feeds)
        for feed in feeds:
            self._execute(
                "UPDATE core.feed_clock SET last_arrival = now() - %s * interval '1 second', "
                "stream_time = now() - %s * interval '1 second' WHERE source = %s",
                age_s,
                age_s if is_stalled else 0.0,
                FEEDS[feed],
            )
        try:
            yield
        finally:
            with self._lock:
                self._paused.clear()

    def _beat(self) -> None:
        """Move the clocks of feeds that are not silent, for as long as the database answers."""
        while not self._stop.wait(BEAT_S):
            try:
                with self._lock:  # a feed that falls silent meanwhile would send once more
                    self._move()
            except psycopg.OperationalError:
                continue  # a test has stopped the database

    def _move(self) -> None:
        """Move the clocks to now."""
        sources = [number for feed, number in FEEDS.items() if feed not in self._paused]
        self._execute("UPDATE core.now_clock SET as_of = now()")
        self._execute(
            "UPDATE core.feed_clock SET stream_time = now(), last_arrival = now(), last_event_time = now() "
            "WHERE source = ANY(%s)",
            sources,
        )

    def _execute(self, statement: str, *values: object) -> None:
        """Run one statement on a connection of its own, for the server may have been restarted."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement, values)  # type: ignore[arg-type] # no literal
