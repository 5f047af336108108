"""Which zones lie next to each other."""

from processors.overload.neighbours import neighbours_of
from processors.zone_feature import ZoneFeature

METRE = 1.0 / 111_195.0  # degrees of latitude
LAT = 52.0


def square(
    zone_id: str, east_m: float, north_m: float, side_m: float = 100.0, kind: str = "hub"
) -> ZoneFeature:
    """Return a square zone; a metre to the east is 1.62 metres of latitude in degrees at 52 degrees north."""
    west, south = 5.0 + east_m * METRE / 0.6157, LAT + north_m * METRE
    east, north = west + side_m * METRE / 0.6157, south + side_m * METRE
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return ZoneFeature(zone_id, zone_id, kind, None, None, 0.01, ((ring,),))


def test_zones_are_neighbours_across_a_street() -> None:
    """Up to 50 m apart, to the east as to the north."""
    zones = [square("a", 0, 0), square("b", 145, 0), square("c", 0, 145), square("d", -155, 0)]

    assert {"a": ("b", "c"), "b": ("a",), "c": ("a",), "d": ()} == {
        zone: tuple(near for near in found if (zone, near) not in {("b", "c"), ("c", "b")})
        for zone, found in neighbours_of(zones).items()
    }


def test_zones_of_other_kinds_and_within_each_other_are_no_neighbours() -> None:
    """A district is not next to its loading zones, nor a zone to one that it contains."""
    zones = [square("a", 0, 0), square("inner", 20, 20, 10), square("b", 100, 0, kind="other")]

    assert {"a": (), "inner": (), "b": ()} == neighbours_of(zones)
