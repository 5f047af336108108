"""Tests of versions: stored once, told once, loaded bit for bit."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from duls.errors import InvalidInputError, RefusedError
from naive.zone_versions import last_changes
from processors.camera_feature import CameraFeature, CameraZone
from processors.camera_overrides import CameraOverride
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import relay
from sinks.registry import (
    change_cameras,
    installation_id,
    latest_versions,
    load_cameras,
    load_overrides,
    load_settings,
    load_zones,
    store_cameras,
    store_settings,
    store_zones,
    versions_at,
    zone_changes,
    zone_numbers,
)

pytestmark = pytest.mark.services

RING = ((5.1, 52.0), (5.1 + 1e-15, 52.1), (-1e-7, 0.1 + 0.2), (1.7976931348623157e308, -0.0), (5.1, 52.0))
ZONE = ZoneFeature("b-zone", "Binnenstad 'oost'", "district", "GM0344", None, 1.25, ((RING, RING), (RING,)))
SMALL = ZoneFeature("a-zone", "Kade", "loading_zone", None, 3, 0.001, ((RING,),))
CAMERA = CameraFeature(
    UUID(int=3),
    "Gate",
    52.0,
    5.1,
    None,
    (
        CameraZone("a-zone", Movement.IN, Movement.OUT, Movement.UNKNOWN),
        CameraZone("b-zone", Movement.OUT, Movement.IN, Movement.UNKNOWN),
    ),
)


def told(version: int) -> Sequence[OutboxMessage]:
    """Return the control message of a version."""
    return [
        OutboxMessage("duls.observation.v1", None, str(version).encode(), (("duls-kind", b"control"),), 1)
    ]


def sent(connection: Connection) -> list[bytes | None]:
    """Send and return the values of all waiting messages."""
    values: list[bytes | None] = []
    relay(connection, lambda messages: values.extend(message.value for message in messages))
    return values


def test_zones_come_back_bit_for_bit(connection: Connection) -> None:
    """Every coordinate is the float64 that was stored, minus zero and the largest included."""
    version = store_zones(connection, [ZONE, SMALL], told)

    stored = load_zones(connection, version)
    assert [ZONE, SMALL] == [zone.feature for zone in stored]
    assert [1, 2] == [zone.zone_no for zone in stored]
    assert [repr(ZONE)] == [repr(zone.feature) for zone in stored[:1]]
    assert stored[0].geometry_hash != stored[1].geometry_hash


@pytest.mark.parametrize("seed", range(8))
def test_the_last_change_of_each_zone_is_that_of_one_version_after_the_other(
    connection: Connection, seed: int
) -> None:
    """Zones come, go, come back, change and change back, over versions of any kind."""
    random = Random(seed)
    shapes: dict[int, dict[int, bytes]] = {}
    for _ in range(12):
        zones = [
            replace(SMALL, zone_id=f"z{number}", polygons=((shifted(random.randrange(3)),),))
            for number in range(8)
            if random.random() < 0.7
        ]
        version = store_zones(connection, zones or [SMALL], told)
        shapes[version] = {zone.zone_no: zone.geometry_hash for zone in load_zones(connection, version)}

        for known in shapes:
            assert last_changes(shapes, known) == zone_changes(connection, known)


def shifted(degrees: int) -> tuple[tuple[float, float], ...]:
    """Return a ring that many degrees to the east."""
    return tuple((5.0 + degrees + lon, 52.0 + lat) for lon, lat in ((0, 0), (0.1, 0), (0, 0.1), (0, 0)))


def test_changes_of_a_version_that_is_not_there_are_refused(connection: Connection) -> None:
    """As its zones are."""
    with pytest.raises(RefusedError):
        zone_changes(connection, 1)


def test_the_same_zones_in_another_order_are_no_new_version(connection: Connection) -> None:
    """Nothing is stored and nothing told."""
    assert store_zones(connection, [ZONE, SMALL], told) == 1
    assert store_zones(connection, [SMALL, ZONE], told) == 1
    assert [b"1"] == sent(connection)


def test_a_zone_keeps_its_number_and_its_unchanged_geometry_its_hash(connection: Connection) -> None:
    """Also when it was away for a version."""
    store_zones(connection, [ZONE, SMALL], told)
    store_zones(connection, [SMALL], told)
    version = store_zones(connection, [replace(ZONE, capacity=9), replace(SMALL, zone_id="new")], told)

    stored = load_zones(connection, version)
    assert [(1, "b-zone", 9), (3, "new", 3)] == [
        (zone.zone_no, zone.feature.zone_id, zone.feature.capacity) for zone in stored
    ]
    assert load_zones(connection, 1)[0].geometry_hash == stored[0].geometry_hash
    assert {"b-zone": 1, "a-zone": 2, "new": 3} == zone_numbers(connection)
    assert [b"1", b"2", b"3"] == sent(connection)


def test_the_zone_view_shows_the_newest_version(connection: Connection) -> None:
    """With its GeoJSON."""
    store_zones(connection, [ZONE, SMALL], told)
    store_zones(connection, [SMALL], told)

    rows = connection.execute("SELECT zone_id, capacity, geojson::text FROM live.zone").fetchall()
    assert [("a-zone", 3)] == [row[:2] for row in rows]
    assert {"type": "MultiPolygon", "coordinates": [[[list(point) for point in RING]]]} == json.loads(
        rows[0][2]
    )


def test_zones_are_stored_with_their_messages_or_not_at_all(connection: Connection) -> None:
    """An error while the messages are made leaves no version."""

    def fail(version: int) -> Sequence[OutboxMessage]:
        """Fail to make messages."""
        raise ZeroDivisionError(version)

    with pytest.raises(ZeroDivisionError):
        store_zones(connection, [ZONE], fail)

    assert (0, 0, 0) == latest_versions(connection)


def test_cameras_come_back_as_they_were(connection: Connection) -> None:
    """With the movements of each zone; the same again is no new version."""
    store_zones(connection, [ZONE, SMALL], told)
    other = replace(CAMERA, camera_id=UUID(int=1), azimuth_deg=12.5, zones=())

    version = store_cameras(connection, [CAMERA, other], told)

    assert [other, CAMERA] == load_cameras(connection, version)
    assert version == store_cameras(connection, [other, CAMERA], told)
    assert (1, 1, 0) == latest_versions(connection)


def test_a_camera_of_an_unknown_zone_is_refused(connection: Connection) -> None:
    """The message names the zone."""
    with pytest.raises(InvalidInputError, match=r"a-zone.*load the zones first"):
        store_cameras(connection, [CAMERA], told)


def test_settings_are_a_version_each_time_that_they_change(connection: Connection) -> None:
    """Order and space of the text do not matter."""
    assert store_settings(connection, '{"clock": "event", "reorder_s": 5}', told) == 1
    assert store_settings(connection, '{"reorder_s":5,"clock":"event"}', told) == 1
    assert store_settings(connection, '{"clock": "arrival"}', told) == 2
    assert {"clock": "event", "reorder_s": 5} == json.loads(load_settings(connection, 1))
    assert [b"1", b"2"] == sent(connection)


def test_a_version_that_is_not_there_is_refused(connection: Connection) -> None:
    """The log speaks of a version that the database does not have."""
    with pytest.raises(RefusedError, match="not in the database"):
        load_settings(connection, 4)


def test_a_database_has_one_identity(connection: Connection) -> None:
    """It is there after the migration and stays."""
    assert installation_id(connection) == installation_id(connection)


def test_versions_are_those_of_a_time(connection: Connection) -> None:
    """A state that is read anew from the middle of the log begins under what was in force there."""
    store_zones(connection, [ZONE], told)
    connection.execute("UPDATE core.zone_version SET created_at = core.instant(1000)")
    store_zones(connection, [SMALL], told)
    connection.execute("UPDATE core.zone_version SET created_at = core.instant(2000) WHERE version = 2")

    assert [0, 1, 1, 2] == [versions_at(connection, at_us).zones for at_us in (999, 1000, 1999, 2000)]
    assert 0 == versions_at(connection, 2000).cameras


def test_the_word_of_the_steward_outlives_what_suppliers_say(connection: Connection) -> None:
    """It is in the cameras that roles load, stays through changes, and leaves no trace when it is taken back."""
    store_zones(connection, [ZONE, SMALL], told)
    word = CameraOverride(CAMERA.camera_id, "a-zone", CameraZone("a-zone", *[Movement.UNKNOWN] * 3))
    store_cameras(connection, [CAMERA], told)
    overridden = change_cameras(connection, lambda _zones, known: known, told, overrides=[word])
    renamed = change_cameras(
        connection, lambda _zones, known: [replace(camera, name="Poort") for camera in known], told
    )
    same = change_cameras(connection, lambda _zones, known: known, told)
    taken_back = change_cameras(connection, lambda _zones, known: known, told, overrides=[])

    assert [2, 3, 3, 4] == [overridden, renamed, same, taken_back]
    assert [word] == [part.override for part in load_overrides(connection, renamed)]
    assert {word.meaning, CAMERA.zones[1]} == set(load_cameras(connection, renamed)[0].zones)
    assert [replace(CAMERA, name="Poort")] == load_cameras(connection, taken_back)


def test_changes_of_two_processes_are_both_kept(connection: Connection, figures_url: str) -> None:
    """Each sees what the other has stored."""
    store_zones(connection, [ZONE, SMALL], told)
    with open_connection(figures_url, application_name="other") as other:
        for turn, number in ((connection, 7), (other, 8), (connection, 9)):
            camera = replace(CAMERA, camera_id=UUID(int=number))
            change_cameras(turn, lambda _zones, known, camera=camera: [*known, camera], told)  # type: ignore[misc] # a default of a lambda has no type

    stored = load_cameras(connection, latest_versions(connection).cameras)
    assert [7, 8, 9] == [camera.camera_id.int for camera in stored]


@pytest.mark.parametrize("load", [load_zones, load_cameras])
def test_zones_or_cameras_that_are_not_there_are_refused(
    connection: Connection, load: Callable[[Connection, int], object]
) -> None:
    """A restored database may be older than the log: without zones or cameras nothing would be counted."""
    store_zones(connection, [ZONE], told)

    with pytest.raises(RefusedError, match=r"version 7, which is not in the database.* load"):
        load(connection, 7)
