"""Versions of zones, cameras and settings as processors need them, built once per process."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import numpy as np

from processors.camera_feature import CameraFeature
from processors.cameras import CameraIndex, CameraMovement, build_camera_index
from processors.columns import Int32Array
from processors.positions import ZoneWorld
from processors.rules import FigureSettings
from processors.zone_feature import ZoneFeature
from processors.zone_index import ZoneIndex
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_index_bytes import zones_digest
from processors.zone_sets import ZoneSets

BuildIndex = Callable[[Sequence[IndexedZone], bytes, ZoneSets], ZoneIndex]
"""Gives the index of zones, of which it is told the digest too, with the sets of a registry."""


class StoredZone(Protocol):
    """A zone of a version as the database gives it."""

    @property
    def zone_no(self) -> int:
        """Return the number of the zone."""

    @property
    def geometry_hash(self) -> bytes:
        """Return what differs where the shape differs."""

    @property
    def feature(self) -> ZoneFeature:
        """Return the zone."""


class VersionSource(NamedTuple):
    """Where versions are read; each function takes a version number."""

    zones: Callable[[int], Sequence[StoredZone]]
    zone_changes: Callable[
        [int], Mapping[int, int]
    ]  # the last version up to one that changed a zone, by its number
    cameras: Callable[[int], Sequence[CameraFeature]]
    settings: Callable[[int], str]
    zone_numbers: Callable[[], Mapping[str, int]]


def build_in_memory(zones: Sequence[IndexedZone], _digest: bytes, zone_sets: ZoneSets) -> ZoneIndex:
    """Build an index that nobody else uses."""
    return build_zone_index(zones, zone_sets)


class Worlds:
    """Zone indexes, camera indexes and settings by version; zone sets are shared by all of them."""

    def __init__(self, source: VersionSource, build_index: BuildIndex = build_in_memory) -> None:
        self.zone_sets = ZoneSets()
        self._source = source
        self._build_index = build_index
        self._zones: dict[int, ZoneWorld] = {}
        self._zone_ids: dict[int, str] = {}

    def zones(self, version: int) -> ZoneWorld:
        """Return the zones of a version; version 0 has none."""
        known = self._zones.get(version)
        if known is None:
            stored = self._source.zones(version) if version else []
            indexed = [IndexedZone(zone.zone_no, zone.feature.polygons) for zone in stored]
            digest = zones_digest((zone.zone_no, zone.geometry_hash) for zone in stored)
            build = self._build_index if stored else build_in_memory
            index = build(indexed, digest, self.zone_sets)
            # the old indexes are not needed once all partitions have gone over; two are kept
            self._zones = dict(list(self._zones.items())[-1:])
            known = self._zones[version] = ZoneWorld(version, index, self._last_changes(version))
        return known

    def changed(self, old: int, new: int) -> frozenset[int]:
        """Return the numbers of zones that came, went or took another shape in a version after *old*, up to *new*.

        One that changed and changed back is among them, as `ZoneWorld.changed` says: a partition may skip versions.
        """
        return frozenset(np.flatnonzero(self.zones(new).changed > old).tolist())

    def zone_id(self, zone_no: int) -> str:
        """Return the id of a zone number."""
        if zone_no not in self._zone_ids:
            self._zone_ids = {number: zone_id for zone_id, number in self._source.zone_numbers().items()}
        return self._zone_ids[zone_no]

    def cameras(self, version: int) -> CameraIndex:
        """Return the camera registry of a version; version 0 has no camera."""
        if not version:
            return build_camera_index([])
        numbers = self._source.zone_numbers()
        return build_camera_index(
            (
                camera.camera_id.int,
                [
                    CameraMovement(numbers[zone.zone_id], zone.obverse, zone.reverse, zone.unknown)
                    for zone in camera.zones
                ],
            )
            for camera in self._source.cameras(version)
        )

    def settings(self, version: int) -> FigureSettings:
        """Return the settings of a version; version 0 has the defaults."""
        if not version:
            return FigureSettings()
        return msgspec.json.decode(self._source.settings(version), type=FigureSettings)

    def _last_changes(self, version: int) -> Int32Array:
        """Return, by zone number, the last version up to this one that changed the shape of the zone; 0: none."""
        known = self._source.zone_changes(version) if version else {}
        changes = np.zeros(max(known, default=0) + 1, np.int32)
        changes[list(known)] = list(known.values())
        return changes
