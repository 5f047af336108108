"""Versions of zones, cameras and settings in memory, as the database gives them to aggregate."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from duls.pipelines.worlds import VersionSource
from naive.zone_versions import last_changes
from processors.camera_feature import CameraFeature, CameraZone
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature
from tests.duls.pipelines.aggregate_entries import CAMERA


class StoredZone(NamedTuple):
    """A zone of a version."""

    zone_no: int
    geometry_hash: bytes
    feature: ZoneFeature


def square(zone_no: int, west: float, east: float) -> StoredZone:
    """Return a zone between two longitudes."""
    ring = ((west, 52.0), (east, 52.0), (east, 52.1), (west, 52.1), (west, 52.0))
    feature = ZoneFeature(f"zone-{zone_no}", "a zone", "other", None, None, 1.0, ((ring,),))
    return StoredZone(zone_no, repr(ring).encode(), feature)


ZONES: Final = {
    1: [square(1, 5.0, 5.1), square(2, 5.05, 5.2)],
    2: [square(1, 5.0, 5.1), square(2, 5.06, 5.2), square(3, 5.3, 5.4)],
    3: [square(1, 5.0, 5.1), square(2, 5.05, 5.2)],  # as version 1
}
SETTINGS: Final = {1: "{}", 2: '{"slot_s": 60, "reorder_s": 2}'}
CAMERAS: Final = {
    1: [
        CameraFeature(
            CAMERA,
            "",
            52.05,
            5.05,
            None,
            (CameraZone("zone-1", Movement.IN, Movement.OUT, Movement.UNKNOWN),),
        )
    ]
}


def shapes_of(zones: Mapping[int, Sequence[StoredZone]]) -> dict[int, dict[int, bytes]]:
    """Return what tells the shape of each zone, by version."""
    return {
        version: {zone.zone_no: zone.geometry_hash for zone in stored} for version, stored in zones.items()
    }


def version_source() -> VersionSource:
    """Return versions as the database gives them."""
    return VersionSource(
        zones=ZONES.__getitem__,
        zone_changes=partial(last_changes, shapes_of(ZONES)),
        cameras=CAMERAS.__getitem__,
        settings=SETTINGS.__getitem__,
        zone_numbers=lambda: {f"zone-{number}": number for number in (1, 2, 3)},
    )
