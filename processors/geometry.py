"""Exact geometry on WGS84 coordinates: the half-open crossing rule, segment crossings, great-circle distance.

Every formula keeps the order of operations of its definition, so that any other implementation of the same
definition gives the same bit. Sources: ray crossing after W. R. Franklin's pnpoly; haversine after
R. W. Sinnott, "Virtues of the Haversine" (Sky and Telescope 68, 1984).
"""

import math
from typing import Final

import numpy as np

from processors.jit import inner_kernel

EARTH_RADIUS_M: Final = 6_371_008.8  # mean radius, IUGG


@inner_kernel
def distance_um(lat1: float, lon1: float, lat2: float, lon2: float) -> int:
    """Return the haversine distance of two points in whole micrometres, rounded half to even."""
    phi1 = math.radians(lat1)
    phi2 = math.radians(lat2)
    half_chord_lat = math.sin((phi2 - phi1) * 0.5)
    half_chord_lon = math.sin((math.radians(lon2) - math.radians(lon1)) * 0.5)
    haversine = half_chord_lat * half_chord_lat + math.cos(phi1) * math.cos(phi2) * (
        half_chord_lon * half_chord_lon
    )
    return int(np.rint(2.0 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(haversine))) * 1e6))


@inner_kernel
def crosses_ray(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    """Tell whether the ray from (x, y) toward +x crosses the edge from its lower end (x1, y1) to (x2, y2).

    Half-open: an end with exactly the height of the point belongs to the part above it.
    """
    return (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1)


@inner_kernel
def orientation(px: float, py: float, qx: float, qy: float, rx: float, ry: float) -> float:
    """Return twice the signed area of the triangle p, q, r: positive when r is left of the line p to q."""
    return (qx - px) * (ry - py) - (qy - py) * (rx - px)


@inner_kernel
def segments_cross(
    ax: float, ay: float, bx: float, by: float, x1: float, y1: float, x2: float, y2: float
) -> bool:
    """Tell whether the segment a-b crosses the edge from its lower end (x1, y1) to (x2, y2).

    A point exactly on the other line counts as its right side, so each end belongs to one side.
    """
    # all four sides, though two often tell: cheaper than a branch that nobody foresees
    is_apart = (orientation(ax, ay, bx, by, x1, y1) > 0) ^ (orientation(ax, ay, bx, by, x2, y2) > 0)
    return is_apart & ((orientation(x1, y1, x2, y2, ax, ay) > 0) ^ (orientation(x1, y1, x2, y2, bx, by) > 0))
