"""The nine Birds Eye views of the national plan, each a table with the plan's own columns.

In English the columns have the plan's snake_case names, in Dutch its camelCase names, so that a download fits what
others make of the same tables. Each also says whether a row is suppressed.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from grafana_foundation_sdk.builders import common, geomap
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.geomap import TooltipMode

from grafana.columns import Column, override
from grafana.kit import Kit
from grafana.layout import Line, Sized
from grafana.palette import BLUE, GREY, VERMILLION, YELLOW
from grafana.panels import described, nothing, rows, steps
from grafana.zone_map import MARKER_PX, PIXEL

STATUS: Final = Column("k_status", values="k_status", coloured="text")
WEEKDAY: Final = Column("day_of_week", values="weekday")
TRAVEL: Final = Column("zone_travel_direction", values="movement")
VISITOR: Final = Column("visitor_type", values="visitor_type")
SIZE: Final = Column("company_size", values="company_size")
PASSAGES: Final = Column("passage_count", unit="none")
TRIPS: Final = Column("trips_count", unit="none")
VEHICLES: Final = Column("unique_vehicle_count", unit="none")
ZONE: Final = (Column("zone_id"), Column("zone_name"))
BRANCH: Final = (Column("sbi08_code"), Column("sbi08_description"))
MONTH: Final = (Column("month"), Column("year"))
TYPE: Final = Column("vehicle_type")
PROVINCE: Final = Column("origin_province")

CAMERA_HOURS: Final = (
    *(Column("camera_id"), Column("location"), TRAVEL, TYPE, PASSAGES, VEHICLES),
    *(Column("passages_per_hour", unit="none", decimals=1), WEEKDAY, Column("hour_of_day"), *MONTH, STATUS),
)
WINDOWS: Final = (
    *(*ZONE, TYPE, PASSAGES, VEHICLES, WEEKDAY, Column("time_window"), *BRANCH, *MONTH, STATUS),
)
BLOCKS: Final = tuple(
    replace(column, word="time_block") if column.name == "time_window" else column for column in WINDOWS
)
ORIGINS: Final = (*(*ZONE, Column("origin_nuts3"), PROVINCE, TYPE, PASSAGES, VEHICLES, *MONTH, STATUS),)
BY_ORIGIN: Final = (*ZONE, VISITOR, replace(PROVINCE, values="origin"), VEHICLES, *MONTH, STATUS)
BY_BRANCH: Final = (*ZONE, VISITOR, *BRANCH, VEHICLES, *MONTH, STATUS)
BY_SIZE: Final = (*ZONE, VISITOR, TYPE, SIZE, VEHICLES, *MONTH, STATUS)
CROSSTABS: Final = (
    *(*ZONE, Column("sbi08_code"), Column("sbi08_name"), Column("vehicle_type", word="crossed_vehicle_type")),
    *(
        Column("fuel_type"),
        Column("emissionclass"),
        Column("body_type"),
        SIZE,
        PASSAGES,
        TRIPS,
        VEHICLES,
        *MONTH,
        STATUS,
    ),
)
CAMERAS: Final = (
    *(
        Column("camera_id"),
        Column("camera_name"),
        Column("latitude", decimals=5),
        Column("longitude", decimals=5),
    ),
    *(Column("azimuth_deg", unit="degree"), Column("plate_direction_capability", values="plate_direction")),
    *(Column("zone_id"), Column("zone_travel_direction_capability", values="travel_direction")),
    *(*MONTH, Column("uptime_percentage", unit="percent", decimals=1)),
)


def birds_eye(kit: Kit) -> Iterator[tuple[str, list[Line]]]:
    """Yield the sections of the nine views, by their name in the catalogue."""
    yield (
        "cameras",
        [_table(kit, "camera_hours", CAMERA_HOURS), [*_table(kit, "cameras", CAMERAS, 15), _camera_map(kit)]],
    )
    yield "windows", [_table(kit, "time_blocks", BLOCKS), _table(kit, "time_windows", WINDOWS)]
    yield "origins", [_table(kit, "origins", ORIGINS)]
    yield (
        "visitors",
        [
            _table(kit, "visitors_by_origin", BY_ORIGIN),
            _table(kit, "visitors_by_branch", BY_BRANCH),
            _table(kit, "visitors_by_size", BY_SIZE),
        ],
    )
    yield "crosstabs", [_table(kit, "crosstabs", CROSSTABS)]


def _table(kit: Kit, name: str, columns: tuple[Column, ...], width: int = 24) -> list[Sized]:
    """Return a view of the plan as a line of its own."""
    return [Sized(rows(kit, name, columns, published=True), width, 11, csv=kit.words("links.csv"))]


def _camera_map(kit: Kit) -> Sized:
    """Return where the cameras stand, coloured by their uptime."""
    place = (
        common.FrameGeometrySource()
        .mode(FrameGeometrySourceMode.COORDS)
        .latitude("latitude")
        .longitude("longitude")
    )
    dots = (
        common.MapLayerOptions()
        .type("markers")
        .name(kit.words("columns.uptime_percentage"))
        .tooltip(True)
        .location(place)
        .config(
            {
                "showLegend": True,
                "style": {
                    "color": {"field": "uptime_percentage", "fixed": GREY},
                    "opacity": 0.9,
                    "size": {"fixed": MARKER_PX / 2, "min": 2, "max": MARKER_PX},
                    "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
                },
            }
        )
    )
    panel = (
        described(geomap.Panel(), kit, "camera_map")
        .datasource(kit.source)
        .with_target(kit.target("camera_map"))
        .no_value(nothing(kit, published=True))
        .thresholds(steps((None, GREY), (0, VERMILLION), (90, YELLOW), (98, BLUE)))
        .view(geomap.MapViewConfig().id("fit").all_layers(True).padding(5).max_zoom(16))
        .controls(geomap.ControlsOptions().mouse_wheel_zoom(False).show_zoom(True))
        .tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
        .basemap(common.MapLayerOptions().type("xyz").name("none").config({"url": PIXEL, "attribution": ""}))
        .layers([dots])
    )
    for column in CAMERAS:
        if column.name in {"camera_id", "camera_name", "latitude", "longitude", "uptime_percentage"}:
            panel.override_by_name(column.name, override(column, kit.words))
    return Sized(panel, 9, 11)
