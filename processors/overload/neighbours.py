"""Which zones lie next to each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import shapely

from processors.columns import Float64Array
from processors.zone_feature import ZoneFeature

NEAR_M: Final = 50.0  # across a street
DEGREE_M: Final = 111_195.0  # of latitude, on the sphere of the figures


def neighbours_of(zones: Sequence[ZoneFeature]) -> Mapping[str, tuple[str, ...]]:
    """Return the neighbours of each zone, by id: of the same kind, apart by 50 m at most, none within the other."""
    by_kind: dict[str, list[ZoneFeature]] = defaultdict(list)
    for zone in zones:
        by_kind[zone.kind].append(zone)
    near: dict[str, list[str]] = {zone.zone_id: [] for zone in zones}
    for alike in by_kind.values():
        ids = [zone.zone_id for zone in alike]
        for one, other in _near_pairs([_shape(zone) for zone in alike]):
            near[ids[one]].append(ids[other])
    return {zone_id: tuple(sorted(found)) for zone_id, found in near.items()}


def _near_pairs(shapes: list[shapely.MultiPolygon]) -> list[tuple[int, int]]:
    """Return both orders of every two shapes that are near and not within each other."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_M)
    pairs = []
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        is_within = shapes[one].covers(shapes[other]) or shapes[other].covers(shapes[one])
        if one != other and not is_within:
            pairs.append((one, other))
    return pairs


def _shape(zone: ZoneFeature) -> shapely.MultiPolygon:
    """Return a zone in metres on a plane that is true at its latitude."""

    def in_metres(points: Float64Array) -> Float64Array:
        scale = np.cos(np.radians(points[:, 1]))
        return np.column_stack((points[:, 0] * scale * DEGREE_M, points[:, 1] * DEGREE_M))

    polygons = [shapely.Polygon(polygon[0], polygon[1:]) for polygon in zone.polygons]
    return shapely.make_valid(shapely.transform(shapely.MultiPolygon(polygons), in_metres))
