"""Cameras on every street that crosses the edge of an emission zone, so that no vehicle enters unseen."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
import shapely

from processors.camera_feature import CameraFeature, CameraZone
from processors.columns import Float64Array, Int32Array, UInt8Array
from processors.simulation.roads import RoadGraph
from processors.vocabulary import Direction, Movement
from processors.zone_feature import ZoneFeature
from processors.zone_points import contains


class Cordon(NamedTuple):
    """The cameras, and what each directed edge of the road graph passes."""

    cameras: tuple[CameraFeature, ...]
    edge_camera: Int32Array  # number of the camera on each edge, -1 without
    edge_share: Float64Array  # how far along the edge the camera stands, 0 to 1
    edge_direction: UInt8Array  # Direction code of a vehicle on the edge


class _Crossing(NamedTuple):
    """Where a street leaves a zone."""

    edge: int  # the edge that leads outward
    share: float
    zones: tuple[CameraZone, ...]


def build_cordon(roads: RoadGraph, zones: Sequence[ZoneFeature], rng: np.random.Generator) -> Cordon:
    """Put a camera where a street crosses the edge of any of *zones*, looking outward.

    An approaching vehicle (obverse) drives in. Zones that share the stretch of edge share the camera.
    """
    edges = roads.edge_to.size
    edge_camera = np.full(edges, -1, np.int32)
    edge_share = np.zeros(edges)
    edge_direction = np.full(edges, Direction.UNKNOWN, np.uint8)
    cameras: list[CameraFeature] = []
    starts = np.repeat(np.arange(roads.lat.size, dtype=np.int32), np.diff(roads.first_edge))
    for crossing in _crossings(roads, starts, zones):
        outward, inward = crossing.edge, _opposite(roads, starts, crossing.edge)
        edge_camera[[outward, inward]] = len(cameras)
        edge_share[[outward, inward]] = (crossing.share, 1.0 - crossing.share)
        edge_direction[[outward, inward]] = (Direction.REVERSE, Direction.OBVERSE)
        cameras.append(_camera(roads, starts, crossing, len(cameras) + 1, rng))
    return Cordon(tuple(cameras), edge_camera, edge_share, edge_direction)


def _crossings(roads: RoadGraph, starts: Int32Array, zones: Sequence[ZoneFeature]) -> list[_Crossing]:
    """Return the crossings in order of their outward edges, one per street."""
    found: dict[int, _Crossing] = {}
    for zone in zones:
        inside = np.array(
            [contains(zone.polygons, lon, lat) for lon, lat in zip(roads.lon, roads.lat, strict=True)]
        )
        border = shapely.MultiLineString([ring for polygon in zone.polygons for ring in polygon])
        means = CameraZone(zone.zone_id, Movement.IN, Movement.OUT, Movement.UNKNOWN)
        for edge in np.flatnonzero(inside[starts] & ~inside[roads.edge_to]):
            share = _share(roads, starts[edge], roads.edge_to[edge], border)
            earlier = found.get(int(edge))
            if earlier is None:
                found[int(edge)] = _Crossing(int(edge), share, (means,))
            elif abs(earlier.share - share) < 1e-6:
                found[int(edge)] = earlier._replace(zones=(*earlier.zones, means))
    return [found[edge] for edge in sorted(found)]


def _share(roads: RoadGraph, start: int, end: int, border: shapely.MultiLineString) -> float:
    """Return how far along a street its first crossing of the border is, from 0 to 1."""
    street = shapely.LineString([(roads.lon[start], roads.lat[start]), (roads.lon[end], roads.lat[end])])
    points = shapely.get_coordinates(shapely.intersection(street, border))
    return float(min(shapely.line_locate_point(street, shapely.points(points), normalized=True)))


def _opposite(roads: RoadGraph, starts: Int32Array, edge: int) -> int:
    """Return the edge that leads the other way along the same street."""
    start, end = starts[edge], roads.edge_to[edge]
    back = roads.edge_to[roads.first_edge[end] : roads.first_edge[end + 1]]
    return int(roads.first_edge[end] + np.flatnonzero(back == start)[0])


def _camera(
    roads: RoadGraph, starts: Int32Array, crossing: _Crossing, number: int, rng: np.random.Generator
) -> CameraFeature:
    """Return the camera at a crossing."""
    start, end = starts[crossing.edge], roads.edge_to[crossing.edge]
    lat = roads.lat[start] + crossing.share * (roads.lat[end] - roads.lat[start])
    lon = roads.lon[start] + crossing.share * (roads.lon[end] - roads.lon[start])
    return CameraFeature(
        camera_id=UUID(bytes=rng.bytes(16), version=4),
        name=f"Camera {number:02d}",
        lat=round(float(lat), 7),
        lon=round(float(lon), 7),
        azimuth_deg=float(roads.edge_heading_deg[crossing.edge]),
        zones=crossing.zones,
    )
