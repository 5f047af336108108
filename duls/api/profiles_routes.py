"""/v1/profiles: a mean week, hour by hour, of zones and vehicle classes."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from duls.api.answers import Page, respond
from duls.api.columns import PROFILE
from duls.api.description import page_of
from duls.api.parameters import (
    Classed,
    KindName,
    Municipality,
    OneSource,
    Span,
    Text,
    Timed,
    Viewed,
    Zoned,
    class_codes,
    source_codes,
    time_period,
)
from duls.api.reading import Anyone, freshness, shapes_for
from duls.api.tables import Row
from processors.vocabulary import VEHICLE_CLASSES
from sinks.api_cells import CellFilter, ProfileRow, hours_of_week, profile
from sinks.api_zones import zone_ids, zone_numbers
from sinks.connection import Connection

MOST_ZONES: Final = 10  # each has up to 168 hours times 9 classes
PROFILE_SPAN: Final = Span(timedelta(days=28), timedelta(days=367))
HOUR: Final = timedelta(hours=1)
HOUR_US: Final = HOUR // timedelta(microseconds=1)


class ProfileQuery(Zoned, Classed, OneSource, Viewed, Timed):
    """A mean week of zones."""

    zone: list[Text] = Field(min_length=1, max_length=MOST_ZONES, description="Ids of zones.")
    municipality: list[Municipality] = Field([], max_length=1, description="CBS code.")
    kind: list[KindName] = Field([], max_length=1, description="Kind of zones.")


def profiles_router() -> APIRouter:
    """Return the route about profiles."""
    router = APIRouter(prefix="/v1", tags=["flows"])
    router.add_api_route(
        "/profiles",
        read_profiles,
        response_class=Response,
        responses=page_of(PROFILE),
        summary="A mean week: hour by weekday by class",
    )
    return router


def read_profiles(question: Anyone, asked: Annotated[ProfileQuery, Query()]) -> Response:
    """Answer with the mean hour of each local weekday, hour and class of a period, by zone.

    Means are over all hours of the period on days with figures; an hour without a cell counts as zero.
    Where cells are suppressed, means are lower bounds, and `suppressed` says of how many of the `cells`;
    where all are, means are null.
    """
    view = question.view(asked.view)
    first, end = time_period(asked, question.parts.clock(), PROFILE_SPAN)
    first = _hour_of(first + HOUR - timedelta(microseconds=1))
    classes, emissions = class_codes(asked)

    def read(connection: Connection) -> Page:
        through = freshness(connection, view, [asked.source])
        # an hour that is not over has only a part of its figures
        last = end if through is None else min(end, _hour_of(through))
        numbers = zone_numbers(connection, asked.zones_for(question.caller))
        where = CellFilter(first, last, numbers, classes, emissions, source_codes([asked.source]))
        found = profile(connection, where)
        hours = hours_of_week(connection, where)
        names = zone_ids(connection, (row.zone_no for row in found))
        return Page(
            PROFILE,
            [_row(row, names, hours) for row in found],
            through,
            view=view,
            k=max((row.k for row in found), default=0) or None,
            shapes=shapes_for(connection, asked.format, list(names.values())),
        )

    page = question.read(view, read, asked)
    return respond(question.request, page, asked, name="profiles", now=question.parts.clock())


def _hour_of(time: datetime) -> datetime:
    """Return the start of the hour that a time is in."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _row(row: ProfileRow, names: Mapping[int, str], hours: Mapping[tuple[int, int], int]) -> Row:
    """Return a mean hour as the row of its columns."""
    count = hours[row.weekday, row.hour]

    def mean(total: int | None, unit: int = 1) -> float | None:
        return None if total is None else total / unit / count

    return (
        names[row.zone_no],
        row.weekday,
        row.hour,
        VEHICLE_CLASSES[row.vehicle_class],
        count,
        row.cells,
        row.suppressed,
        mean(row.observations),
        mean(row.vehicles),
        mean(row.entries),
        mean(row.exits),
        mean(row.stops),
        mean(row.dwell_us, HOUR_US),
    )
