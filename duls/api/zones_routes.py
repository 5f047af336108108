"""/v1/zones and /v1/now: zones, and the vehicles in them at this moment."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from duls.api.answers import Page, respond
from duls.api.columns import NOW, ZONES
from duls.api.cursors import ZoneCursor, read_cursor
from duls.api.description import page_of
from duls.api.parameters import Classed, Paged, View, Viewed, Zoned
from duls.api.reading import Anyone, Operator, shapes_for
from duls.api.tables import Row
from sinks.api_live import NowFilter, NowRow, now, now_as_of
from sinks.api_zones import ZoneRow, zones
from sinks.connection import Connection


class ZoneQuery(Zoned, Viewed, Paged):
    """Zones of the newest version."""


class NowQuery(Zoned, Classed, Paged):
    """Zones with the vehicles in them."""


def zones_router() -> APIRouter:
    """Return the routes about zones."""
    router = APIRouter(prefix="/v1", tags=["zones"])
    router.add_api_route(
        "/zones",
        read_zones,
        response_class=Response,
        responses=page_of(ZONES),
        summary="Zones, with geometry",
    )
    router.add_api_route(
        "/now",
        read_now,
        response_class=Response,
        responses=page_of(NOW),
        summary="Vehicles in zones now, with load",
    )
    return router


def read_zones(question: Anyone, asked: Annotated[ZoneQuery, Query()]) -> Response:
    """Answer with the zones of the newest version, by id.

    Their geometries are in the formats `geojson` and `parquet`.
    """
    view = question.view(asked.view)
    where = asked.zones_for(question.caller)
    cursor = read_cursor(asked.cursor, ZoneCursor)

    def read(connection: Connection) -> Page:
        found = zones(connection, where, after=cursor.zone_id if cursor else None, limit=asked.limit + 1)
        given = _given(found, asked.limit)
        shapes = shapes_for(connection, asked.format, [row[0] for row in given])
        return Page(ZONES, given, cursor=_behind(found, asked.limit), view=view, shapes=shapes)

    page = question.read(view, read, None)
    return respond(question.request, page, asked, name="zones", now=question.parts.clock())


def read_now(question: Operator, asked: Annotated[NowQuery, Query()]) -> Response:
    """Answer with every zone of the newest version and the vehicles in it, by id.

    `complete_through` is the time that the counts stand at.
    A zone without vehicles has zeros; before there is any count, it has nulls.
    """
    where = asked.zones_for(question.caller)
    kinds = NowFilter(list(asked.vehicle_class) or None, list(asked.zero_emission) or None)
    cursor = read_cursor(asked.cursor, ZoneCursor)

    def read(connection: Connection) -> Page:
        as_of = now_as_of(connection)
        found = now(connection, where, kinds, after=cursor.zone_id if cursor else None, limit=asked.limit + 1)
        given = _given(found, asked.limit)
        if as_of is None:
            given = [(*row[:5], None, None, None) for row in given]
        shapes = shapes_for(connection, asked.format, [row[0] for row in given])
        return Page(NOW, given, as_of, _behind(found, asked.limit), shapes=shapes)

    page = question.read(View.LIVE, read, asked)
    return respond(question.request, page, asked, name="now", now=question.parts.clock())


def _given(found: Sequence[ZoneRow | NowRow], limit: int) -> list[Row]:
    """Return the rows of the page; one more was read to know whether there are more."""
    return list(found[:limit])


def _behind(found: Sequence[ZoneRow | NowRow], limit: int) -> str | None:
    """Return the cursor behind the last row given, where there are more."""
    return ZoneCursor(found[limit - 1].zone_id).text if len(found) > limit else None
