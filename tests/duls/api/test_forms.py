"""Every form of an answer says the same, and how old it is."""

import csv
import io
import json
from datetime import date, datetime
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS, Transformer

from duls.api import answers
from duls.api.geometries import Crs, Placed, accuracy_m, as_geojson
from duls.api.tables import Column, Kind
from tests.duls.api.conftest import OPERATOR, PLANNER, Api

pytestmark = pytest.mark.services

DAYS = {"since": "2026-10-23", "until": "2026-10-28", "limit": 300}
PATHS = [
    ("/v1/zones", PLANNER, {}),
    ("/v1/now", OPERATOR, {}),
    ("/v1/flows/slot", OPERATOR, {"limit": 50}),
    ("/v1/flows/hour", OPERATOR, {"limit": 50}),
    ("/v1/flows/day", PLANNER, DAYS),
    ("/v1/totals/day", PLANNER, {"since": "2026-10-23", "until": "2026-10-28", "by": ["zone", "time"]}),
    ("/v1/totals/hour", OPERATOR, {"by": ["vehicle_class"]}),
    ("/v1/profiles", OPERATOR, {"zone": "zone-001"}),
    ("/v1/alerts", OPERATOR, {}),
]
# the dimensions that GeoParquet 1.1 asks for, as its own schema has them
GEO_SCHEMA = {
    "type": "object",
    "required": ["version", "primary_column", "columns"],
    "properties": {
        "version": {"const": "1.1.0"},
        "primary_column": {"const": "geometry"},
        "columns": {
            "type": "object",
            "required": ["geometry"],
            "additionalProperties": {
                "type": "object",
                "required": ["encoding", "geometry_types"],
                "properties": {
                    "encoding": {"const": "WKB"},
                    "geometry_types": {
                        "type": "array",
                        "uniqueItems": True,
                        "items": {"enum": ["Point", "Polygon", "MultiPolygon"]},
                    },
                    "crs": {"type": "object", "required": ["type", "id"]},
                    "bbox": {"type": "array", "minItems": 4, "maxItems": 4, "items": {"type": "number"}},
                },
            },
        },
    },
}


def text_of(value: Any) -> str:
    """Return a value as CSV has it."""
    return "" if value is None else str(value)


def as_json(value: Any) -> Any:
    """Return a value of Parquet as JSON has it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


@pytest.mark.parametrize(("path", "scopes", "query"), PATHS)
def test_csv_says_the_same_as_json(small_api: Api, path: str, scopes: Any, query: Any) -> None:
    """RFC 4180 with a header; null is an empty field; the age of the data is in every row."""
    expected = small_api.ask(path, scopes, **query).json()

    response = small_api.ask(path, scopes, format="csv", **query)

    assert "text/csv; charset=utf-8; header=present" == response.headers["content-type"]
    assert response.headers["content-disposition"].startswith('attachment; filename="duls-')
    assert response.text.endswith("\r\n")
    assert len(expected["items"]) + 1 == response.text.count("\r\n")
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [{name: text_of(value) for name, value in row.items()} for row in expected["items"]] == [
        {name: value for name, value in row.items() if name not in {"generated_at", "complete_through"}}
        for row in rows
    ]
    assert {text_of(expected["complete_through"])} == {row["complete_through"] for row in rows}
    assert all(datetime.fromisoformat(row["generated_at"]).tzinfo for row in rows)


@pytest.mark.parametrize(("path", "scopes", "query"), PATHS)
def test_geojson_says_the_same_as_json(small_api: Api, path: str, scopes: Any, query: Any) -> None:
    """With the geometry of the zone as it was loaded."""
    expected = small_api.ask(path, scopes, **query).json()

    response = small_api.ask(path, scopes, format="geojson", **query)

    answer = response.json()
    assert "application/geo+json" == response.headers["content-type"]
    assert expected["items"] == [feature["properties"] for feature in answer["features"]]
    assert (expected["complete_through"], expected["k"], 0.0) == (
        answer["complete_through"],
        answer["k"],
        answer["crs_accuracy_m"],
    )
    for feature in answer["features"]:
        zone = feature["properties"]["zone_id"]
        assert (zone is None) == (feature["geometry"] is None)
        if zone is not None:
            assert shapely.from_geojson(json.dumps(feature["geometry"])).area == pytest.approx(0.0001)


@pytest.mark.parametrize(("path", "scopes", "query"), PATHS)
def test_geoparquet_says_the_same_as_json(small_api: Api, path: str, scopes: Any, query: Any) -> None:
    """With the metadata that GeoParquet asks for, geometries as WKB, and the age of the data."""
    expected = small_api.ask(path, scopes, **query).json()

    response = small_api.ask(path, scopes, format="parquet", **query)

    table = pq.read_table(io.BytesIO(response.content))
    metadata = table.schema.metadata
    jsonschema.validate(json.loads(metadata[b"geo"]), GEO_SCHEMA)
    ours = json.loads(metadata[b"duls"])
    assert (expected["complete_through"], expected["k"]) == (ours["complete_through"], ours["k"])
    assert datetime.fromisoformat(ours["generated_at"]).tzinfo
    rows = table.drop_columns("geometry").to_pylist()
    assert expected["items"] == [{name: as_json(value) for name, value in row.items()} for row in rows]
    assert pa.binary() == table.schema.field("geometry").type
    for row in table.to_pylist():
        assert (row["zone_id"] is None) == (row["geometry"] is None)
        if row["geometry"] is not None:
            assert shapely.from_wkb(row["geometry"]).area == pytest.approx(0.0001)


def test_rd_new_is_what_proj_says(small_api: Api) -> None:
    """Metres, with the accuracy of the transformation, in GeoJSON as older tools read it and in GeoParquet."""
    plain = small_api.ask("/v1/zones", PLANNER, format="geojson").json()
    first = plain["features"][0]["geometry"]["coordinates"][0][0][0]
    move = Transformer.from_crs("EPSG:4326", "EPSG:28992", always_xy=True)

    answer = small_api.ask("/v1/zones", PLANNER, format="geojson", crs="EPSG:28992").json()
    file = small_api.ask("/v1/zones", PLANNER, format="parquet", crs="EPSG:28992").content

    assert answer["features"][0]["geometry"]["coordinates"][0][0][0] == pytest.approx(
        move.transform(*first), abs=1.0
    )
    assert "urn:ogc:def:crs:EPSG::28992" == answer["crs"]["properties"]["name"]
    assert 0.0 <= answer["crs_accuracy_m"] <= 1.0
    table = pq.read_table(io.BytesIO(file))
    geo = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]
    assert CRS.from_json_dict(geo["crs"]).to_epsg() == 28992
    shapes = shapely.from_wkb(table.column("geometry").to_pylist())
    assert list(shapely.total_bounds(shapes)) == pytest.approx(geo["bbox"])
    assert shapes[0].bounds[:2] == pytest.approx(
        answer["features"][0]["geometry"]["coordinates"][0][0][0], abs=50.0
    )


def test_the_tower_of_amersfoort_is_where_it_is() -> None:
    """The origin of RD New, to the accuracy that is told."""
    point = '{"type":"Point","coordinates":[5.38720621,52.15517440]}'
    columns = (Column("zone_id", Kind.TEXT, "", ""),)

    answer = json.loads(as_geojson(columns, [("tower",)], Placed({"tower": point}, Crs.RD_NEW), {}))

    assert answer["features"][0]["geometry"]["coordinates"] == pytest.approx(
        [155_000, 463_000], abs=accuracy_m(Crs.RD_NEW)
    )


@pytest.mark.parametrize("form", ["json", "csv"])
def test_what_has_no_coordinates_has_no_system(small_api: Api, form: str) -> None:
    """Rather than leaving the wish aside."""
    response = small_api.ask("/v1/zones", PLANNER, format=form, crs="EPSG:28992")

    assert (422, "urn:duls:problem:no-coordinates") == (response.status_code, response.json()["type"])


def test_every_answer_tells_its_age(small_api: Api) -> None:
    """In its headers, too, whatever its form."""
    for form in ("json", "csv", "geojson", "parquet"):
        headers = small_api.ask("/v1/flows/day", PLANNER, format=form, **DAYS).headers
        assert datetime.fromisoformat(headers["duls-generated-at"]).tzinfo
        assert "2026-10-28T00:00:00+01:00" == headers["duls-complete-through"]
        assert "no-store" == headers["cache-control"]


def test_the_next_page_is_linked(small_api: Api) -> None:
    """By a path that a client can follow as it is."""
    first = small_api.ask("/v1/flows/day", PLANNER, **{**DAYS, "limit": 5})
    target, _, relation = first.headers["link"].partition("; ")

    query = dict(pair.split("=", 1) for pair in target.strip("<>").partition("?")[2].split("&"))
    assert 'rel="next"' == relation
    assert first.json()["next"] == query["cursor"]
    everything = small_api.ask("/v1/flows/day", PLANNER, **{**DAYS, "limit": 10}).json()["items"]
    second = small_api.ask(
        "/v1/flows/day", PLANNER, since=query["from"], until=query["to"], limit=5, cursor=query["cursor"]
    )
    assert everything == first.json()["items"] + second.json()["items"]


def test_an_answer_that_would_be_too_large_is_refused(
    small_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before geometries are written into every row, and whatever the form."""
    monkeypatch.setattr(answers, "MOST_BYTES", 3_000)

    for form in ("json", "csv", "geojson", "parquet"):
        response = small_api.ask("/v1/flows/day", PLANNER, format=form, **DAYS)
        assert (422, "urn:duls:problem:too-large") == (response.status_code, response.json()["type"])


def test_answers_are_packed_for_those_who_unpack(small_api: Api) -> None:
    """Rows repeat themselves."""
    response = small_api.ask("/v1/flows/day", PLANNER, **DAYS)

    assert "gzip" == response.headers["content-encoding"]
    assert int(response.headers["content-length"]) * 5 < len(response.content)
