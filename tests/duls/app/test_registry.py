"""A file becomes a version that every partition of the log is told of."""

import json
from pathlib import Path

import pytest

from duls.app.registry import load_camera_file, load_zone_file
from duls.config import Settings
from duls.errors import InvalidInputError
from sinks.connection import open_connection
from sinks.doctor import outbox
from sinks.registry import latest_versions, load_cameras, load_zones

CAMERA = "6f1f9d2c-3c1e-4a53-9e0f-5a1d2b3c4d5e"
HEADER = "camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse\n"


def square(zone_id: str, *, west: float = 5.0) -> dict[str, object]:
    """Return a feature of a small square."""
    east = west + 0.01
    ring = [[west, 52.0], [east, 52.0], [east, 52.01], [west, 52.01], [west, 52.0]]
    return {
        "type": "Feature",
        "properties": {"id": zone_id, "name": zone_id, "kind": "other"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def zone_file(folder: Path, *features: dict[str, object]) -> Path:
    """Write a FeatureCollection and return its path."""
    path = folder / "zones.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def camera_file(folder: Path, zone_id: str) -> Path:
    """Write a registry of one camera and return its path."""
    path = folder / "cameras.csv"
    path.write_text(f"{HEADER}{CAMERA},Bridge,52.0,5.0,90,{zone_id},in,out\n", encoding="utf-8")
    return path


def test_zones_become_a_version(installed: Settings, tmp_path: Path) -> None:
    """They are stored, and nothing is left waiting in the outbox."""
    report = load_zone_file(installed, zone_file(tmp_path, square("a"), square("b", west=6.0)))

    with open_connection(installed.database_url, application_name="test") as connection:
        stored = [zone.feature.zone_id for zone in load_zones(connection, report.version)]
        waiting = outbox(connection).messages
    assert (1, True, 2, 0) == (report.version, report.is_new, report.loaded, report.refused)
    assert (["a", "b"], 0) == (stored, waiting)


def test_the_same_file_is_no_new_version(installed: Settings, tmp_path: Path) -> None:
    """The order of its features does not matter."""
    load_zone_file(installed, zone_file(tmp_path, square("a"), square("b", west=6.0)))

    report = load_zone_file(installed, zone_file(tmp_path, square("b", west=6.0), square("a")))

    assert (1, False) == (report.version, report.is_new)


def test_what_is_refused_is_told_feature_by_feature(installed: Settings, tmp_path: Path) -> None:
    """The others are loaded."""
    nameless = {**square("x"), "properties": {"name": "no id"}}

    report = load_zone_file(installed, zone_file(tmp_path, nameless, square("a")))

    assert (1, 1) == (report.loaded, report.refused)
    assert (0, "refused") == (report.features[0].place, report.features[0].action)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"type": "FeatureCollection", "features": []}', r"holds no usable zone \(0 refused\)"),
        ('{"type": "FeatureCollection", "features": [7]}', r"\(1 refused; the first: it is not a GeoJSON"),
        ("camera_id,lat", "is not JSON"),
    ],
)
def test_a_file_without_zones_does_not_empty_the_city(
    installed: Settings, tmp_path: Path, text: str, sentence: str
) -> None:
    """The zones that were loaded stay."""
    load_zone_file(installed, zone_file(tmp_path, square("a")))
    (tmp_path / "zones.geojson").write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInputError, match=sentence):
        load_zone_file(installed, tmp_path / "zones.geojson")

    with open_connection(installed.database_url, application_name="test") as connection:
        assert latest_versions(connection).zones == 1


def test_a_file_that_is_not_there_is_named(installed: Settings, tmp_path: Path) -> None:
    """The sentence says which."""
    with pytest.raises(InvalidInputError, match=r"nothing\.geojson cannot be read: No such file"):
        load_zone_file(installed, tmp_path / "nothing.geojson")


def test_cameras_name_loaded_zones(installed: Settings, tmp_path: Path) -> None:
    """A camera of a loaded zone is stored."""
    load_zone_file(installed, zone_file(tmp_path, square("a")))

    report = load_camera_file(installed, camera_file(tmp_path, "a"))

    with open_connection(installed.database_url, application_name="test") as connection:
        (camera,) = load_cameras(connection, report.version)
    assert (CAMERA, ["a"]) == (str(camera.camera_id), [zone.zone_id for zone in camera.zones])


def test_cameras_of_unknown_zones_are_refused(installed: Settings, tmp_path: Path) -> None:
    """The report says to load the zones first."""
    with pytest.raises(InvalidInputError, match="zone 'a' is unknown; load the zones first"):
        load_camera_file(installed, camera_file(tmp_path, "a"))
