"""/v1/alerts and /v1/feeds: what is wrong in the zones, and how the data does."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from duls.api.answers import Page, respond
from duls.api.columns import ALERTS, FEEDS
from duls.api.cursors import AlertCursor, behind_alert, read_cursor
from duls.api.description import page_of
from duls.api.geometries import Crs
from duls.api.parameters import Format, Instant, Output, Paged, Text, View, Zoned, in_bounds
from duls.api.reading import Operator, freshness, shapes_for
from sinks.api_live import AlertFilter, AlertPlace, alerts, feeds
from sinks.connection import Connection


class AlertQuery(Zoned, Paged):
    """Alerts that were firing at any time of a period."""

    state: list[Text] = Field([], max_length=20, description="States, such as `firing`; all when absent.")
    from_: Instant | None = Field(
        None,
        alias="from",
        description="Alerts that lasted at or after this time.",
        examples=["2026-11-23T00:00:00+01:00"],
    )
    to: Instant | None = Field(
        None, description="Alerts that began before this time.", examples=["2026-11-24T00:00:00+01:00"]
    )


class FeedQuery(BaseModel):
    """Feeds; they have no place on a map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[Format.JSON, Format.CSV] = Field(Format.JSON, description="Form of the answer.")


def operations_router() -> APIRouter:
    """Return the routes that tell of alerts and of feeds."""
    router = APIRouter(prefix="/v1", tags=["operations"])
    router.add_api_route(
        "/alerts",
        read_alerts,
        response_class=Response,
        responses=page_of(ALERTS),
        summary="Alerts, the newest first",
    )
    router.add_api_route(
        "/feeds",
        read_feeds,
        response_class=Response,
        responses=page_of(FEEDS, forms=(Format.JSON, Format.CSV)),
        summary="Age of the data, and what became of it in the last hour",
    )
    return router


def read_alerts(question: Operator, asked: Annotated[AlertQuery, Query()]) -> Response:
    """Answer with the alerts that lasted at any time of a period, the newest first; with all when none is named."""
    where = asked.zones_for(question.caller)
    which = AlertFilter(asked.state or None, in_bounds(asked.from_), in_bounds(asked.to))
    cursor = read_cursor(asked.cursor, AlertCursor)

    def read(connection: Connection) -> Page:
        found = alerts(
            connection, where, which, after=cursor.place if cursor else None, limit=asked.limit + 1
        )
        given = found[: asked.limit]
        last = AlertPlace(given[-1].since, given[-1].alert_id) if len(found) > asked.limit else None
        return Page(
            ALERTS,
            list(given),
            freshness(connection, View.LIVE),
            behind_alert(last) if last else None,
            shapes=shapes_for(connection, asked.format, [row.zone_id for row in given]),
        )

    page = question.read(View.LIVE, read, asked)
    return respond(question.request, page, asked, name="alerts", now=question.parts.clock())


def read_feeds(question: Operator, asked: Annotated[FeedQuery, Query()]) -> Response:
    """Answer with every feed, always; `complete_through` beside them is what all that have begun have in common."""

    def read(connection: Connection) -> Page:
        return Page(FEEDS, list(feeds(connection)), freshness(connection, View.LIVE))

    page = question.read(View.LIVE, read, None)
    output = Output(format=asked.format, crs=Crs.WGS84)
    return respond(question.request, page, output, name="feeds", now=question.parts.clock())
