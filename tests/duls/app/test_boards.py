"""`duls grafana zones`: what the map of the City Support Center reads."""

import json
from pathlib import Path

import pytest

from duls.app.boards import write_zones
from duls.config import load_settings
from duls.errors import ConfigError, InvalidInputError
from processors.zone_feature import ZoneFeature
from sinks.connection import open_connection
from sinks.migrate import migrate
from sinks.registry import store_zones

pytestmark = pytest.mark.services

RING = ((5.1, 52.0), (5.1000000000000005, 52.1), (5.2, 52.0), (5.1, 52.0))
ZONES = [
    ZoneFeature("b", "Binnenstad 'oost'", "district", None, None, 1.0, ((RING,),)),
    ZoneFeature("a", "Kade", "loading_zone", None, 3, 0.1, ((RING,),)),
]


def test_features_have_their_zone_id_on_top(database_url: str, tmp_path: Path) -> None:
    """The map finds the row of a zone by it; coordinates come back bit for bit."""
    migrate(database_url)
    settings = load_settings({"DULS_DATABASE_URL": database_url}, tmp_path)
    with pytest.raises(ConfigError, match="there are no zones yet"):
        write_zones(settings, tmp_path / "zones.geojson")
    with open_connection(database_url, application_name="test") as connection:
        store_zones(connection, ZONES, lambda _version: [])

    count = write_zones(settings, tmp_path / "zones.geojson")

    assert count == 2
    collection = json.loads((tmp_path / "zones.geojson").read_text(encoding="utf-8"))
    assert "FeatureCollection" == collection["type"]
    assert ["a", "b"] == [feature["id"] for feature in collection["features"]]
    assert {"name": "Binnenstad 'oost'", "kind": "district"} == collection["features"][1]["properties"]
    assert [[list(map(list, RING))]] == collection["features"][1]["geometry"]["coordinates"]
    with pytest.raises(InvalidInputError, match="cannot be written"):
        write_zones(settings, tmp_path / "nowhere" / "zones.geojson")
