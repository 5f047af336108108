"""Geometries of downloads: GeoJSON (RFC 7946) and GeoParquet 1.1, in WGS84 or RD New.

RD New is computed by PROJ. Without the national grid files that is a Helmert transformation, and the answer says how
far it may be off.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.transformer import Transformer, TransformerGroup

from duls.api.tables import Columns, Row, as_arrow, as_objects

GEOMETRY: Final = "geometry"
GEOPARQUET_VERSION: Final = "1.1.0"


class Crs(StrEnum):
    """Coordinate systems of downloads."""

    WGS84 = "OGC:CRS84"  # longitude and latitude in degrees
    RD_NEW = "EPSG:28992"  # metres


class Placed(NamedTuple):
    """Geometries of zones by id, as GeoJSON text, and the coordinate system that is asked for."""

    shapes: Mapping[str, str]
    crs: Crs


def accuracy_m(crs: Crs) -> float:
    """Return how far coordinates may be off by their transformation, in metres."""
    return 0.0 if crs is Crs.WGS84 else _to_rd_new().accuracy


def as_geojson(columns: Columns, rows: Sequence[Row], placed: Placed, members: Mapping[str, Any]) -> bytes:
    """Return rows as a FeatureCollection with more *members*; a zone without a geometry has null."""
    geometries = _texts(placed)
    zone = _zone_place(columns)
    features = [
        {
            "type": "Feature",
            "geometry": msgspec.Raw(geometries[row[zone]].encode()) if row[zone] in geometries else None,
            "properties": properties,
        }
        for row, properties in zip(rows, as_objects(columns, rows), strict=True)
    ]
    collection: dict[str, Any] = {"type": "FeatureCollection", **members, "features": features}
    if placed.crs is not Crs.WGS84:
        # older than RFC 7946, and understood by the tools that ask for RD New
        collection["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    return msgspec.json.encode(collection)


def as_geoparquet(columns: Columns, rows: Sequence[Row], placed: Placed, members: Mapping[str, Any]) -> bytes:
    """Return rows as a GeoParquet file with geometries in WKB; *members* are its metadata `duls`, as JSON."""
    zone = _zone_place(columns)
    names = list(placed.shapes)
    shapes = dict(zip(names, _shapes(placed, names), strict=True))
    geometries = np.array([shapes.get(row[zone]) for row in rows], dtype=object)
    table = as_arrow(columns, rows).append_column(
        pa.field(GEOMETRY, pa.binary()), pa.array(shapely.to_wkb(geometries), pa.binary())
    )
    metadata = {"geo": json.dumps(_geo(geometries, placed.crs)), "duls": msgspec.json.encode(members)}
    file = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), file, compression="zstd")
    return bytes(file.getvalue())


def _geo(geometries: NDArray[np.object_], crs: Crs) -> dict[str, Any]:
    """Return the metadata that GeoParquet asks for."""
    known = geometries[~shapely.is_missing(geometries)]
    kinds = {1: "Point", 3: "Polygon", 6: "MultiPolygon"}
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": sorted({kinds[int(kind)] for kind in shapely.get_type_id(known)}),
        "crs": CRS.from_user_input(crs.value).to_json_dict(),
    }
    if len(known):
        column["bbox"] = [float(bound) for bound in shapely.total_bounds(known)]
    return {"version": GEOPARQUET_VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def _texts(placed: Placed) -> Mapping[str, str]:
    """Return the geometries in the coordinate system asked for; WGS84 is the text that was loaded."""
    if placed.crs is Crs.WGS84:
        return placed.shapes
    names = list(placed.shapes)
    return dict(zip(names, shapely.to_geojson(_shapes(placed, names)), strict=True))


def _shapes(placed: Placed, names: Sequence[str]) -> NDArray[np.object_]:
    """Return the geometries of zones in the coordinate system asked for."""
    shapes: NDArray[np.object_] = shapely.from_geojson(
        np.array([placed.shapes[name] for name in names], object)
    )
    if placed.crs is Crs.WGS84:
        return shapes

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_to_rd_new().transform(points[:, 0], points[:, 1]))

    placed_shapes: NDArray[np.object_] = shapely.transform(shapes, moved)
    return placed_shapes


@cache
def _to_rd_new() -> Transformer:
    """Return the best transformation that this machine has; the first of the group is the most accurate."""
    return TransformerGroup(Crs.WGS84.value, Crs.RD_NEW.value, always_xy=True).transformers[0]


def _zone_place(columns: Columns) -> int:
    """Return the place of the zone's id in a row."""
    return next(place for place, column in enumerate(columns) if column.name == "zone_id")
