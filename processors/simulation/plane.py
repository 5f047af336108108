"""The plane of the city: metres east and north of its centre, and the bend that makes circles look grown."""

import math
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array

CENTRE_LAT_DEG: Final = 52.0907
CENTRE_LON_DEG: Final = 5.1214
M_PER_DEG: Final = 111_195.08  # of latitude, on the sphere of the haversine
M_PER_DEG_LON: Final = M_PER_DEG * math.cos(math.radians(CENTRE_LAT_DEG))

_WAVES: Final = ((2, 0.07), (3, 0.05), (5, 0.025))
"""Bumps around the circle and their height as a share of the radius."""


_SWAY_M: Final = 240.0


class Bend(NamedTuple):
    """How circles around the centre are bent: one phase in radians per wave."""

    phases: tuple[float, ...]


def new_bend(rng: np.random.Generator) -> Bend:
    """Draw a bend."""
    return Bend(tuple(float(phase) for phase in rng.uniform(0.0, 2.0 * math.pi, len(_WAVES))))


def bent(bend: Bend, radius_m: Float64Array, angle: Float64Array) -> Float64Array:
    """Return the places, shape (n, 2) in metres, of points on bent circles of nominal radius *radius_m*."""
    stretch = np.ones_like(angle, dtype=np.float64)
    for (bumps, height), phase in zip(_WAVES, bend.phases, strict=True):
        stretch += height * np.sin(bumps * angle + phase)
    return np.column_stack((radius_m * stretch * np.cos(angle), radius_m * stretch * np.sin(angle)))


def nominal_radius_m(bend: Bend, places_m: Float64Array) -> Float64Array:
    """Return the nominal radius of the bent circle on which each place lies."""
    angle = np.arctan2(places_m[:, 1], places_m[:, 0])
    unit = bent(bend, np.ones(angle.size), angle)
    return np.hypot(places_m[:, 0], places_m[:, 1]) / np.hypot(unit[:, 0], unit[:, 1])


def grown(places_m: Float64Array) -> Float64Array:
    """Return where places of the plan really are: nothing runs quite straight in a city that has grown."""
    east, north = places_m[:, 0], places_m[:, 1]
    aside = _SWAY_M * np.sin(north / 1_500.0 + 0.4)
    along = _SWAY_M * np.sin(east / 1_800.0 + 2.1)
    return np.column_stack((east + aside, north + along))


def degrees(places_m: Float64Array) -> Float64Array:
    """Return places of the plan as (lon, lat), rounded to seven decimals (a centimetre)."""
    real_m = grown(places_m)
    lon = CENTRE_LON_DEG + real_m[:, 0] / M_PER_DEG_LON
    lat = CENTRE_LAT_DEG + real_m[:, 1] / M_PER_DEG
    return np.column_stack((lon, lat)).round(7)
