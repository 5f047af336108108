"""Visitor types from VESDI bytes through intake and aggregate to what planners read, over three days of a month."""

import json
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from duls.app.publishing import publish_by_hand
from duls.app.steward_tables import load_companies
from duls.config import Settings, load_settings
from sinks.connection import Connection, open_connection
from tests.faults.installation import Installation
from tests.faults.raw_topics import ANPR, Outgoing, send
from tests.faults.servers import new_broker
from tests.services.external import Database

pytestmark = [pytest.mark.services, pytest.mark.slow]

DRAINED_S: Final = 120.0
LOCAL: Final = ZoneInfo("Europe/Amsterdam")
# on the first of a month, what ends the month before it cannot be sent yet
YESTERDAY: Final = datetime.now(LOCAL).date() - timedelta(days=1)
MONTH: Final = (YESTERDAY.replace(day=1) - timedelta(days=1)).replace(day=1)
NEXT_MONTH: Final = (MONTH + timedelta(days=31)).replace(day=1)
GATE, STREET, SQUARE = (str(uuid.UUID(int=number)) for number in (1, 2, 3))
CAMERAS: Final = (
    "camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse,unknown\n"
    f"{GATE},Gate,52.0,5.01,180,clean,in,out,in\n{GATE},Gate,52.0,5.01,180,town,in,out,in\n"
    f"{STREET},Street,52.0,5.012,180,clean,,,in\n{SQUARE},Square,52.0,5.03,180,town,,,in\n"
)
ONE_DAY, TWO_DAYS, THREE_DAYS = (5,), (5, 7), (5, 6, 7)


def fleet(letter: str, count: int) -> list[str]:
    """Return Dutch plates."""
    return [f"V{letter}{number:03d}K" for number in range(count)]


CARRIERS, SHOPS, BUILDERS = fleet("B", 30), fleet("D", 25), fleet("F", 4)
OTHERS, FOREIGN, FREQUENT_FOREIGN = fleet("G", 15), fleet("H", 12), fleet("J", 3)
CAME: Final = (
    ("NL", CARRIERS, ONE_DAY),
    ("NL", SHOPS[:10], TWO_DAYS),
    ("NL", SHOPS[10:], THREE_DAYS),
    ("NL", BUILDERS, ONE_DAY),
    ("NL", OTHERS, ONE_DAY),
    ("D", FOREIGN, ONE_DAY),
    ("D", FREQUENT_FOREIGN, THREE_DAYS),
)


def batch(plates: list[tuple[str, str]], moment: datetime, camera: str = GATE) -> bytes:
    """Return a message with a detection of each plate."""
    rows = [
        {
            "observation_id": str(uuid.uuid4()),
            "camera_id": camera,
            "event_time": (moment + timedelta(seconds=number)).isoformat(),
            "plate_country": country,
            "plate_text": plate,
        }
        for number, (country, plate) in enumerate(plates)
    ]
    message = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}
    return json.dumps(message).encode()


def at_noon(month: date, day: int, minute: int = 0) -> datetime:
    """Return a moment of a day of a month."""
    return datetime(month.year, month.month, day, 12, minute, tzinfo=LOCAL)


def days() -> Iterator[bytes]:
    """Return what cameras saw: twice a day, the second time elsewhere; each message is sent twice."""
    for day in THREE_DAYS:
        plates = [(country, plate) for country, fleet, came in CAME if day in came for plate in fleet]
        for minute, camera in ((0, GATE), (30, STREET)):
            message = batch(plates, at_noon(MONTH, day, minute), camera)
            yield from (message, message)
        yield batch([("NL", "VV999K")], at_noon(MONTH, day, 45), SQUARE)


def zones() -> bytes:
    """Return a town and a zone with rules in it."""
    features = [
        {
            "type": "Feature",
            "properties": {"id": name, "name": name, "kind": kind, "municipality": "GM0344"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[5.0, 52.0], [east, 52.0], [east, 52.02], [5.0, 52.02], [5.0, 52.0]]],
            },
        }
        for name, kind, east in (("town", "municipality", 5.05), ("clean", "zero_emission_zone", 5.02))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def companies() -> bytes:
    """Return the table of the steward."""
    fleets = ((CARRIERS, "49.41", "small"), (SHOPS, "G", "medium"), (BUILDERS, "F", "large"))
    lines = [f"{plate},{sbi},{size}" for fleet, sbi, size in fleets for plate in fleet]
    return "\n".join(["plate,sbi,size", *lines]).encode()


def drain(installation: Installation) -> None:
    """Let both roles read everything."""
    for role in [installation.start(name, "--until-drained") for name in ("intake", "aggregate")]:
        assert role.wait(DRAINED_S) == 0, role.log_tail()


def rows(connection: Connection, statement: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement of this file."""
    return connection.execute(statement.encode()).fetchall()


def shown(connection: Connection, view: str, column: str) -> dict[tuple[object, ...], object]:
    """Return what planners read of a view where it is not withheld, by visitor type and category."""
    found = rows(
        connection,
        f"SELECT zone_id, visitor_type, {column}, vehicles, k, counted_days FROM history.{view}"  # noqa: S608  # names of this file
        " JOIN history.zone_label USING (zone_no) WHERE k_status = 'ok'",
    )
    assert all(row[0] == "clean" and row[4:] == (10, 3) for row in found)
    return {row[1:3]: row[3] for row in found}


def test_how_often_vehicles_come_is_told_by_what_registers_know(timescale: Database, tmp_path: Path) -> None:
    """Once the month is final: k-safe, of the zone with rules, and nobody is known any more."""
    with new_broker() as broker:
        variables = {
            "DULS_PARTITIONS": "1",
            "DULS_CLOCK": "event",
            "DULS_PRIVACY_MONTH_KEY": "true",
            "DULS_INTAKE_REGISTERS_FOLDER": str(tmp_path / "registers"),
        }
        url = timescale.create_database(f"visitors_{uuid.uuid4().hex}")
        installation = Installation(broker.bootstrap_servers, url, tmp_path, variables)
        installation.prepare(zones(), CAMERAS.encode())
        settings = load_settings(installation.environment())
        (tmp_path / "companies.csv").write_bytes(companies())
        load_companies(settings, tmp_path / "companies.csv")
        end = batch([("NL", "VX001K")], at_noon(NEXT_MONTH, 2) - timedelta(hours=12) + timedelta(seconds=1))
        send(broker.bootstrap_servers, [Outgoing(ANPR, 0, value) for value in (*days(), end)])
        drain(installation)

        with open_connection(settings.database_url, application_name="test") as connection:
            in_month = (
                "SELECT zone_id, count(*), sum(bit_count(days::bit(32))) FROM core.visitor JOIN core.zone"  # noqa: S608  # a date of this file
                f" USING (zone_no) WHERE month = '{MONTH}' GROUP BY zone_id ORDER BY 1"
            )
            visits = sum(len(fleet) * len(came) for _, fleet, came in CAME)
            vehicles = sum(len(fleet) for _, fleet, _ in CAME)
            assert [("clean", vehicles, visits), ("town", vehicles + 1, visits + 3)] == rows(
                connection, in_month
            )

            assert publish_by_hand(settings) is not None
            check_published(connection)
            assert [] == rows(connection, in_month)
            switched_off(settings, connection)
        installation.end()


def check_published(connection: Connection) -> None:
    """Compare what is shown with what came, worked out by hand."""
    by_origin = {("once", "NL"): 49, ("once", "other"): 12}  # occasional: three are foreign
    assert by_origin == shown(connection, "zone_visitor_origin", "province")
    # four builders alone are too few, so the unknown ones go with them; of the occasional three are unknown
    assert {("once", "H"): 30} == shown(connection, "zone_visitor_branch", "branch_code")
    assert {("once", "small"): 30} == shown(connection, "zone_visitor_size", "company_size")
    cells = "SELECT count(*), count(vehicles) FROM history.zone_visitor_"
    assert [(4, 2)] == rows(connection, cells + "origin")
    assert [(44, 1)] == rows(connection, cells + "branch")
    assert [(8, 1)] == rows(connection, cells + "size")
    done = "SELECT month, days, zones, shared_zones FROM core.visitor_publication"
    assert [(MONTH, 3, 1, 1)] == rows(connection, done)
    assert [(NEXT_MONTH,)] == rows(connection, "SELECT DISTINCT month FROM core.visitor")


def everything(connection: Connection) -> list[list[tuple[object, ...]]]:
    """Return all that planners read of visitors."""
    return [
        rows(connection, f"SELECT * FROM history.zone_visitor_{name} AS told ORDER BY told::text")  # noqa: S608  # names of this file
        for name in ("origin", "branch", "size")
    ]


def switched_off(settings: Settings, connection: Connection) -> None:
    """Check that nobody is known any more once months have no keys."""
    off = settings.model_copy(update={"privacy": settings.privacy.model_copy(update={"month_key": False})})
    before = everything(connection)

    assert publish_by_hand(off) == []

    assert [] == rows(connection, "SELECT FROM core.visitor")
    assert before == everything(connection)
