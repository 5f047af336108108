"""The map of the City Support Center, in two variants.

Filled zones need the *Dynamic GeoJSON* layer, which Grafana calls alpha (`GF_PANELS_ENABLE_ALPHA=true`), and
the file that `duls grafana zones` writes. Markers need neither, and carry the truth in both: a colour and a number
for each zone.
"""

from typing import Final

from grafana_foundation_sdk.builders import common, geomap
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.geomap import TooltipMode

from grafana.columns import Column, override
from grafana.kit import Kit
from grafana.palette import DARK_TEXT, GREY
from grafana.panels import described, level_steps, nothing

ZONES_FILE: Final = "public/maps/duls-zones.geojson"
"""Where Grafana looks for the zones, below its home."""

# Without internet the default base map stays empty; one pixel of our own asks nobody.
PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "YGBgAAAABQABDQottAAAAABJRU5ErkJggg=="
)

MARKER_PX: Final = 16
LABEL_PX: Final = 13


def zone_map(kit: Kit, *, filled: bool, link: str) -> geomap.Panel:
    """Return the map of zones by load.

    Args:
        kit: Words, queries and data source.
        filled: Zones filled by load under small markers; False: markers only.
        link: Where a click on a zone leads.
    """
    columns = (
        Column("zone_id", link=link),
        Column("name"),
        Column("present", unit="none"),
        Column("capacity", unit="none"),
        Column("load_pct", unit="percent", decimals=0),
        Column("state", values="state"),
        Column("level", values="level"),
        Column("lat", hidden=True),
        Column("lon", hidden=True),
    )
    layers = [_fills()] if filled else []
    layers += [_markers(kit), _labels("present", -14), _labels("name", 14)]
    panel = (
        described(geomap.Panel(), kit, "zone_map")
        .datasource(kit.source)
        .with_target(kit.target("zone_map"))
        .no_value(nothing(kit))
        .thresholds(level_steps())
        .view(geomap.MapViewConfig().id("fit").all_layers(True).padding(5).max_zoom(16))
        .controls(geomap.ControlsOptions().mouse_wheel_zoom(False).show_zoom(True).show_attribution(False))
        .tooltip(geomap.TooltipOptions().mode(TooltipMode.DETAILS))
        .basemap(common.MapLayerOptions().type("xyz").name("none").config({"url": PIXEL, "attribution": ""}))
        .layers(list(layers))
    )
    for column in columns:
        panel.override_by_name(column.name, override(column, kit.words))
    return panel


def _place() -> common.FrameGeometrySource:
    """Return the columns that say where a zone is labelled."""
    return common.FrameGeometrySource().mode(FrameGeometrySourceMode.COORDS).latitude("lat").longitude("lon")


def _fills() -> common.MapLayerOptions:
    """Return the zones filled by load; those that the answer does not name are grey."""
    return (
        common.MapLayerOptions()
        .type("dynamic-geojson")
        .name("zones")
        .tooltip(True)
        .config(
            {
                "src": ZONES_FILE,
                "idField": "zone_id",
                "dataStyle": {"color": {"field": "level", "fixed": GREY}, "opacity": 0.6},
                "style": {"color": {"fixed": GREY}, "opacity": 0.4, "lineWidth": 1},
                "rules": [],
            }
        )
    )


def _markers(kit: Kit) -> common.MapLayerOptions:
    """Return a circle for each zone, coloured by load."""
    return (
        common.MapLayerOptions()
        .type("markers")
        .name(kit.words("columns.level"))
        .tooltip(True)
        .location(_place())
        .config(
            {
                "showLegend": True,
                "style": {
                    "color": {"field": "level", "fixed": GREY},
                    "opacity": 0.9,
                    "size": {"fixed": MARKER_PX, "min": MARKER_PX, "max": MARKER_PX},
                    "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
                },
            }
        )
    )


def _labels(field: str, offset_px: int) -> common.MapLayerOptions:
    """Return a text for each zone: a layer of its own, since a marker's text takes the marker's colour."""
    return (
        common.MapLayerOptions()
        .type("markers")
        .name(f"label {field}")
        .tooltip(False)
        .location(_place())
        .config(
            {
                "showLegend": False,
                "style": {
                    "color": {"fixed": DARK_TEXT},
                    "opacity": 1,
                    "size": {"fixed": 1, "min": 1, "max": 1},
                    "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
                    "text": {"mode": "field", "field": field, "fixed": ""},
                    "textConfig": {
                        "fontSize": LABEL_PX,
                        "offsetX": 0,
                        "offsetY": offset_px,
                        "textAlign": "center",
                        "textBaseline": "middle",
                    },
                },
            }
        )
    )
