"""Answers of /v1: a page of rows in the form asked for, with its age and the way to the next page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import Request, Response

from duls.api.geometries import Crs, Placed, accuracy_m, as_geojson, as_geoparquet
from duls.api.parameters import LOCAL, Format, Output, View
from duls.api.problems import ProblemError
from duls.api.tables import Column, Columns, Kind, Row, as_csv, as_objects

MEDIA_TYPES: Final[Mapping[Format, str]] = {
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8; header=present",
    Format.GEOJSON: "application/geo+json",
    Format.PARQUET: "application/vnd.apache.parquet",
}
PLACED: Final = frozenset({Format.GEOJSON, Format.PARQUET})
MOST_BYTES: Final = 32 * 1024 * 1024  # of an answer: a few of them fit into a small server

GENERATED_AT: Final = Column(
    "generated_at", Kind.INSTANT, "When the answer was made.", "2026-11-23T12:00:00.000000+01:00"
)
COMPLETE_THROUGH: Final = Column(
    "complete_through",
    Kind.INSTANT,
    "Up to this time the figures are complete; null before there are any, and where it has no meaning.",
    "2026-11-23T11:59:55.000000+01:00",
    nullable=True,
)


@dataclass(frozen=True)
class Page:
    """What was read for one answer.

    Attributes:
        columns: of the rows.
        rows: what is given.
        complete_through: up to when the figures are complete; None where that has no meaning.
        cursor: of the next page; None where this is the last.
        view: whose figures these are.
        k: the least number of vehicles in a published cell; None for live figures.
        shapes: geometries of the zones of the rows, by id, as GeoJSON; read for `geojson` and `parquet` only.
    """

    columns: Columns
    rows: list[Row]
    complete_through: datetime | None = None
    cursor: str | None = None
    view: View = View.LIVE
    k: int | None = None
    shapes: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many rows are given."""
        return len(self.rows)


def respond(request: Request, page: Page, output: Output, *, name: str, now: datetime) -> Response:
    """Return a page in the form asked for.

    Raises:
        ProblemError: it would be too large, or the form has no coordinates to put into another system.
    """
    form = output.format
    if output.crs is not Crs.WGS84 and form not in PLACED:
        detail = "crs goes with the formats geojson and parquet: the others have no coordinates"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "no-coordinates", detail)
    if form in PLACED:
        _check_size(page)
    now = now.astimezone(LOCAL)
    body = _body(page, output, _members(page, output, now), now)
    _check_bytes(len(body))
    headers = {"Cache-Control": "no-store", "Duls-Generated-At": now.isoformat()}
    if page.complete_through is not None:
        headers["Duls-Complete-Through"] = page.complete_through.isoformat()
    if page.cursor is not None:
        following = request.url.include_query_params(cursor=page.cursor)
        # relative, since only the client knows by which name it reached us
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    if form is not Format.JSON:
        headers["Content-Disposition"] = f'attachment; filename="duls-{name}.{form.value}"'
    return Response(body, headers=headers, media_type=MEDIA_TYPES[form])


def _check_size(page: Page) -> None:
    """Refuse to write geometries into so many rows that the answer would be too large."""
    zone = [column.name for column in page.columns].index("zone_id")
    lengths = {name: len(text) for name, text in page.shapes.items()}
    _check_bytes(sum(lengths.get(row[zone], 0) for row in page.rows))


def _check_bytes(count: int) -> None:
    """Refuse an answer that is too large."""
    if count > MOST_BYTES:
        detail = f"the answer would have more than {MOST_BYTES} bytes: lower limit, or ask without geometry"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "too-large", detail)


def _csv(page: Page, now: datetime) -> bytes:
    """Return a page as CSV, its age in every row: a file that was saved has no other place for it."""
    names = {column.name for column in page.columns}
    age = [(column, value) for column, value in _age(page, now) if column.name not in names]
    columns = (*page.columns, *(column for column, _ in age))
    values = tuple(value for _, value in age)
    return as_csv(columns, [(*row, *values) for row in page.rows])


def _age(page: Page, now: datetime) -> list[tuple[Column, datetime | None]]:
    """Return what tells the age of a page."""
    return [(GENERATED_AT, now), (COMPLETE_THROUGH, page.complete_through)]


def _members(page: Page, output: Output, now: datetime) -> dict[str, Any]:
    """Return what an answer says beside its rows."""
    members: dict[str, Any] = {
        "generated_at": now,
        "complete_through": page.complete_through,
        "view": page.view.value,
        "k": page.k,
        "next": page.cursor,
    }
    if output.format in PLACED:
        # how far the coordinates may be off by their transformation
        members["crs_accuracy_m"] = accuracy_m(output.crs)
    return members


def _body(page: Page, output: Output, members: Mapping[str, Any], now: datetime) -> bytes:
    """Return the bytes of an answer."""
    placed = Placed(page.shapes, output.crs)
    match output.format:
        case Format.JSON:
            return msgspec.json.encode({**members, "items": as_objects(page.columns, page.rows)})
        case Format.CSV:
            # a file has no other place for them
            age = (now, page.complete_through)
            return as_csv(
                (*page.columns, GENERATED_AT, COMPLETE_THROUGH), [(*row, *age) for row in page.rows]
            )
        case Format.GEOJSON:
            return as_geojson(page.columns, page.rows, placed, members)
        case Format.PARQUET:
            return as_geoparquet(page.columns, page.rows, placed, members)
