"""A small town in the database with cameras whose local day is final: zones, registry, cells and the clock."""

from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from processors.camera_feature import CameraFeature, CameraZone
from processors.columns import FIGURES
from processors.vocabulary import ZERO_EMISSIONS, Movement
from sinks.connection import Connection
from sinks.registry import load_zones, store_cameras, store_zones
from sinks.zone_rows import StoredZone
from tests.processors.publication.camera_city import (
    IN,
    KIND,
    OUT,
    UNKNOWN,
    CameraCity,
    view_cells,
    zone_cells,
)
from tests.sinks.final_days import DAY, box, hour_text, start_us
from tests.sinks.flush_values import HOUR_US

ZONES: Final = (
    box("town", "municipality", 5.0, 5.4),
    box("clean", "zero_emission_zone", 5.1, 5.3),
    box("north", "district", 5.0, 5.2),
    box("south", "district", 5.3, 5.4),
)
CAMERAS: Final = (
    {"town": UNKNOWN, "clean": IN, "north": UNKNOWN},
    {"town": UNKNOWN, "clean": IN},
    {"town": UNKNOWN, "clean": IN},
    {"town": UNKNOWN, "clean": UNKNOWN, "north": UNKNOWN},
    {"town": UNKNOWN, "south": UNKNOWN},
    {"town": UNKNOWN, "south": UNKNOWN},
)
"""What the front plate means for the zones of each camera: IN there is OUT for the rear plate."""

VIEWS: Final = 2 * len(CAMERAS)
"""View 2c is camera c with front plates, 2c + 1 with rear plates."""

ADDED: Final = ", ".join(f"{name} = stored.{name} + excluded.{name}" for name in FIGURES)
NAMES: Final = tuple(zone.name for zone in ZONES)


def city() -> CameraCity:
    """Return the town as the simulation knows it."""
    movements: list[dict[int, int]] = [{} for _ in ZONES]
    for camera, known in enumerate(CAMERAS):
        for name, movement in known.items():
            movements[NAMES.index(name)][2 * camera] = movement
            movements[NAMES.index(name)][2 * camera + 1] = OUT if movement == IN else UNKNOWN
    return CameraCity(tuple(zone.kind for zone in ZONES), tuple(movements), VIEWS)


def camera_id(view: int) -> UUID:
    """Return the camera of a view."""
    return UUID(int=view // 2 + 1)


def fill_cameras(connection: Connection, passed: NDArray[np.int64], *, day: int = DAY) -> None:
    """Store the town and a day of passages, shape (vehicles, views, 24); more of them are those of other vehicles."""
    stored = {zone.feature.name: zone.zone_no for zone in _zones(connection)}
    cells = zone_cells(city(), passed)
    for zone, name in enumerate(NAMES):
        for hour in range(24):
            figures = cells.hours[KIND, zone, hour]
            _add_cell(connection, "flow_hour", "hour_start", stored[name], hour_text(day, hour), figures)
        day_text = f"date '1970-01-01' + {day}"
        _add_cell(connection, "flow_day", "day", stored[name], day_text, cells.days[KIND, zone])
    add_camera_hours(connection, passed, day=day)
    for hour in range(24):
        taken = int(passed[:, :, hour].sum())
        values = f"1, {hour_text(day, hour)}, {taken}, {taken}, 0, 0, 0, 0, 0"
        connection.execute(f"INSERT INTO core.feed_minute VALUES ({values}) ON CONFLICT DO NOTHING".encode())  # noqa: S608  # numbers of ours


def _zones(connection: Connection) -> list[StoredZone]:
    """Store zones and cameras; return the zones."""
    version = store_zones(connection, ZONES, lambda _: [])
    cameras = [
        CameraFeature(
            UUID(int=number + 1),
            f"camera {number}",
            52.05,
            5.2,
            0.0,
            tuple(
                CameraZone(
                    name, Movement(movement), Movement(OUT if movement == IN else UNKNOWN), Movement.UNKNOWN
                )
                for name, movement in known.items()
            ),
        )
        for number, known in enumerate(CAMERAS)
    ]
    store_cameras(connection, cameras, lambda _: [])
    return load_zones(connection, version)


def add_camera_hours(connection: Connection, passed: NDArray[np.int64], *, day: int = DAY) -> None:
    """Add passages to the hours of cameras; vehicles of these hours are new ones."""
    cells = view_cells(passed)
    for view, hour in np.argwhere(cells.passages[KIND]):
        connection.execute(
            "INSERT INTO core.camera_hour AS stored VALUES (%s, core.instant(%s), %s, %s, %s, %s, %s)"
            " ON CONFLICT (camera_id, hour_start, direction, vehicle_class, zero_emission) DO UPDATE SET"
            " passages = stored.passages + excluded.passages, vehicles = stored.vehicles + excluded.vehicles",
            (
                camera_id(int(view)),
                start_us(day) + int(hour) * HOUR_US,
                int(view) % 2,
                *divmod(KIND, len(ZERO_EMISSIONS)),
                int(cells.passages[KIND, view, hour]),
                int(cells.vehicles[KIND, view, hour]),
            ),
        )


def _add_cell(
    connection: Connection, table: str, bucket: str, zone_no: int, at: str, figures: NDArray[np.int64]
) -> None:
    """Store one cell of a zone, unless it is zero."""
    if figures.any():
        kind = ", ".join(map(str, divmod(KIND, len(ZERO_EMISSIONS))))
        head = f"core.{table} AS stored (zone_no, {bucket}, vehicle_class, zero_emission, source, {', '.join(FIGURES)})"
        values = f"{zone_no}, {at}, {kind}, 1, {', '.join(map(str, figures.tolist()))}"
        clash = f"(zone_no, {bucket}, vehicle_class, zero_emission, source) DO UPDATE SET {ADDED}"
        connection.execute(f"INSERT INTO {head} VALUES ({values}) ON CONFLICT {clash}".encode())  # noqa: S608  # names and numbers of ours
