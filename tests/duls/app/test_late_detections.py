"""Detections of last week: within seven days they correct their hours and days, later they are counted late."""

import json
import time
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from confluent_kafka import Producer
from psycopg import sql

from duls.app.registry import load_camera_file, load_zone_file
from duls.config import Settings
from sinks.connection import Connection, open_connection
from sinks.retention import Retention, reference_us, sweep
from streams.topics import DETECTIONS_TOPIC
from tests.duls.app.draining import drain

CAMERA = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
LOCAL = ZoneInfo("Europe/Amsterdam")
RING = [[5.0, 52.0], [5.02, 52.0], [5.02, 52.02], [5.0, 52.02], [5.0, 52.0]]


def load_city(settings: Settings, folder: Path) -> None:
    """Load one zone and one camera."""
    feature = {
        "type": "Feature",
        "properties": {"id": "centre", "name": "Centre", "kind": "other", "municipality": "GM0344"},
        "geometry": {"type": "Polygon", "coordinates": [RING]},
    }
    zones, cameras = folder / "zones.geojson", folder / "cameras.csv"
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    cameras.write_text(
        f"camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse,unknown\n{CAMERA},Kade,52.0,5.01,180,centre,,,in\n"
    )
    load_zone_file(settings, zones)
    load_camera_file(settings, cameras)


def batch(times: list[datetime], plate: str) -> bytes:
    """Return a message of one vehicle for each time."""
    rows = [
        {
            "observation_id": str(uuid.uuid4()),
            "camera_id": CAMERA,
            "event_time": moment.isoformat(timespec="milliseconds"),
            "plate_country": "NL",
            "plate_text": f"{plate}{number:03d}",
        }
        for number, moment in enumerate(times)
    ]
    return json.dumps(
        {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}
    ).encode()


def buckets(connection: Connection, view: str, column: str) -> dict[object, int]:
    """Return the observations of each bucket of a view."""
    statement = sql.SQL("SELECT {}, observations FROM {}")
    return dict(
        connection.execute(statement.format(sql.Identifier(column), sql.Identifier("live", view))).fetchall()
    )


def test_a_batch_of_last_week_corrects_its_hours_and_days(
    installed: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    """Exactly, and sent again it changes nothing; its slots are gone and stay gone; of eight days ago, it is late."""
    load_city(installed, tmp_path)
    with open_connection(installed.database_url, application_name="test") as connection:
        now_us = reference_us(connection, "arrival")
        assert now_us is not None
        sweep(connection, Retention(), now_us)
    now = datetime.fromtimestamp(time.time() // 1, UTC)
    today = [now - timedelta(minutes=minutes) for minutes in range(1, 4)]
    last_week = [now - timedelta(days=6) + timedelta(minutes=17 * step) for step in range(100)]
    too_late = [now - timedelta(days=8) + timedelta(minutes=step) for step in range(3)]
    late = batch(last_week, "VB")
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers, "log_level": 0})
    for value in (batch(today, "KA"), late, batch(too_late, "ZZ"), late):
        producer.produce(DETECTIONS_TOPIC, value, partition=0)
        assert producer.flush(10.0) == 0

    for role in ("intake", "aggregate"):
        assert (0, role) == (drain(role, {**environment, "DULS_REORDER_S": "0.5"})[0], role)

    with open_connection(installed.database_url, application_name="test") as connection:
        slots = buckets(connection, "zone_flow", "slot_start")
        hours = buckets(connection, "zone_flow_hour", "hour_start")
        days = buckets(connection, "zone_flow_day", "day")
        counts = connection.execute(
            "SELECT sum(accepted), sum(taken), sum(duplicates), sum(late) FROM core.feed_minute"
        ).fetchone()
    seen = [*today, *last_week]
    assert Counter(slot(moment) for moment in today) == slots
    assert Counter(moment.replace(minute=0, second=0) for moment in seen) == hours
    assert Counter(moment.astimezone(LOCAL).date() for moment in seen) == days
    assert (206, 103, 100, 3) == counts


def slot(moment: datetime) -> datetime:
    """Return the start of the slot that a moment is in."""
    return moment.replace(minute=moment.minute // 5 * 5, second=0)
