"""Carriers through the whole stream: planners see positions of three carriers or more, and nobody their names."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer

from duls.app.publishing import publish_by_hand
from duls.app.registry import load_zone_file
from duls.config import Settings
from sinks.connection import Connection, open_connection
from streams.topics import POSITIONS_TOPIC
from tests.duls.app.draining import drain

pytestmark = [pytest.mark.services, pytest.mark.slow]

PARTITIONS = 2
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # in Amsterdam
WEST = {"many": 5.00, "few": 5.10, "one": 5.20, "unnamed": 5.30}
CARRIERS = {
    "many": ["Van Dijk", "Bakker & Zn", "Vrachtdienst \u00c9\u00e9n", "Snel"],
    "few": ["Van Dijk", "  van  dijk ", "Snel"],  # two, one of them written in two ways
    "one": ["Snel"] * 8 + ["Van Dijk", "Bakker & Zn"],
    "unnamed": [""],
}


def load_squares(settings: Settings, folder: Path) -> None:
    """Load a square zone for each case."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": name, "name": name, "kind": "other", "municipality": "GM0344"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[west, 52.0], [west + 0.05, 52.0], [west + 0.05, 52.05], [west, 52.05], [west, 52.0]]
                ],
            },
        }
        for name, west in WEST.items()
    ]
    path = folder / "zones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    load_zone_file(settings, path)


def records() -> Iterator[bytes]:
    """Yield forty vans in each zone at noon, every other one as an event of Open Trip Model, and two much later."""
    for zone, west in WEST.items():
        for number in range(40):
            moment = NOON + timedelta(seconds=number)
            carrier = CARRIERS[zone][number // 2 % len(CARRIERS[zone])]
            vehicle, lat, lon = f"NL:{zone}{number}", 52.01, west + 0.01 + number * 1e-4
            yield (
                otm(vehicle, moment, lat, lon, carrier)
                if number % 2
                else canonical(vehicle, moment, lat, lon, carrier)
            )
    for partition in range(PARTITIONS):
        # past midnight, the longest parked gap, lateness and reorder: the day is final
        yield canonical(f"NL:last{partition}", NOON + timedelta(hours=20), 52.5, 5.5, "")


def canonical(vehicle: str, moment: datetime, lat: float, lon: float, carrier: str) -> bytes:
    """Return a position as a newcomer sends it."""
    message = {"vehicle": vehicle, "time": moment.isoformat(), "lat": lat, "lon": lon, "class": "N1"}
    return json.dumps(message | ({"carrier": carrier} if carrier else {})).encode()


def otm(vehicle: str, moment: datetime, lat: float, lon: float, carrier: str) -> bytes:
    """Return an event of Open Trip Model."""
    actor = {"associationType": "inline", "roles": ["carrier"], "entity": {"name": carrier}}
    return json.dumps(
        {
            "eventType": "locationUpdateEvent",
            "creationDate": moment.isoformat(),
            "geoReference": {"lat": lat, "lon": lon},
            "vehicle": {
                "associationType": "inline",
                "entity": {"licensePlate": vehicle[3:], "vehicleType": "van"},
            },
            **({"actors": [actor]} if carrier else {}),
        }
    ).encode()


def rows(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement of this file."""
    return connection.execute(statement.encode()).fetchall()


def test_planners_see_positions_of_three_carriers_or_more(
    installed: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    """By default; two carriers, one that has most vehicles, or nobody's name are not enough."""
    load_squares(installed, tmp_path)
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers})
    for number, record in enumerate(records()):
        producer.produce(POSITIONS_TOPIC, record, partition=number % PARTITIONS)
    producer.flush()
    environment = environment | {"DULS_CLOCK": "event"}
    for role in ("intake", "aggregate"):
        code, said = drain(role, environment)
        assert 0 == code, said

    with open_connection(installed.database_url, application_name="test") as connection:
        counted = rows(
            connection,
            "SELECT zone_id, count(DISTINCT carrier) FILTER (WHERE carrier <> 0), sum(vehicles)"
            " FROM core.carrier_hour JOIN core.zone USING (zone_no) GROUP BY zone_id ORDER BY zone_id",
        )
        assert [("few", 2, 40), ("many", 4, 40), ("one", 3, 40), ("unnamed", 0, 40)] == counted
        by_day = "SELECT zone_no, carrier, sum(vehicles) FROM core.carrier_day GROUP BY 1, 2 ORDER BY 1, 2"
        by_hour = "SELECT zone_no, carrier, sum(vehicles) FROM core.carrier_hour GROUP BY 1, 2 ORDER BY 1, 2"
        assert rows(connection, by_hour) == rows(connection, by_day)

        (report,) = publish_by_hand(installed)
        assert (4, 0) == (report.zones, report.guests)
        shown = "SELECT zone_id, vehicles FROM history.zone_flow_day WHERE k_status = 'ok'"
        assert [("many", 40)] == rows(connection, shown)
        hours = "SELECT zone_id, vehicles FROM history.zone_flow_hour WHERE k_status = 'ok'"
        assert [("many", 40)] == rows(connection, hours)
        left = "SELECT FROM core.carrier_hour UNION ALL SELECT FROM core.carrier_day"
        assert [] == rows(connection, left)
