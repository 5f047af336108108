"""/v1/totals: additive figures of hours or days, summed over everything that is not asked to be told apart."""

from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field

from duls.api.answers import Page, respond
from duls.api.columns import DAY_TOTALS, HOUR_TOTALS
from duls.api.description import page_of
from duls.api.flows_routes import DAY_SPAN, HOUR_SPAN, seconds
from duls.api.parameters import (
    MOST_ROWS,
    Classed,
    Dated,
    OneSource,
    Timed,
    View,
    Viewed,
    Zoned,
    class_codes,
    day_period,
    source_codes,
    time_period,
)
from duls.api.problems import ProblemError
from duls.api.reading import Anyone, Question, freshness, shapes_for
from duls.api.tables import Row
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS
from sinks.api_cells import By, CellFilter, Grain, TotalRow, totals
from sinks.api_zones import zone_ids, zone_numbers
from sinks.connection import Connection


class Part(StrEnum):
    """What sums may be told apart by."""

    TIME = "time"
    ZONE = "zone"
    VEHICLE_CLASS = "vehicle_class"
    ZERO_EMISSION = "zero_emission"


class TotalQuery(Zoned, Classed, OneSource, Viewed):
    """Sums of cells."""

    by: list[Part] = Field(
        [Part.ZONE], max_length=len(Part), description="What to tell apart; `time` is each hour or day."
    )


class HourTotalQuery(TotalQuery, Timed):
    """Sums of hours."""


class DayTotalQuery(TotalQuery, Dated):
    """Sums of local days."""


COLUMNS: Final = {Grain.HOUR: HOUR_TOTALS, Grain.DAY: DAY_TOTALS}


def totals_router() -> APIRouter:
    """Return the routes about totals."""
    router = APIRouter(prefix="/v1/totals", tags=["flows"])
    router.add_api_route(
        "/hour",
        read_hour_totals,
        response_class=Response,
        responses=page_of(HOUR_TOTALS),
        summary="Sums of hours, by zone, time, class or emission",
    )
    router.add_api_route(
        "/day",
        read_day_totals,
        response_class=Response,
        responses=page_of(DAY_TOTALS),
        summary="Sums of local days, by zone, time, class or emission",
    )
    return router


def read_hour_totals(question: Anyone, asked: Annotated[HourTotalQuery, Query()]) -> Response:
    """Answer with additive figures of hours, summed over everything that `by` does not name.

    Distinct vehicles do not add up over zones and hours, so they are left out.
    Where cells are suppressed, sums are lower bounds, and `suppressed` says of how many cells.
    """
    view = question.view(asked.view)
    first, end = time_period(asked, question.parts.clock(), HOUR_SPAN)
    return _totals(question, asked, Grain.HOUR, view, CellFilter(first, end))


def read_day_totals(question: Anyone, asked: Annotated[DayTotalQuery, Query()]) -> Response:
    """Answer with additive figures of local days, summed over everything that `by` does not name.

    What is left out and what is suppressed is as for hours.
    """
    view = question.view(asked.view)
    first, end = day_period(asked, question.parts.clock(), DAY_SPAN)
    return _totals(question, asked, Grain.DAY, view, CellFilter(first, end))


def _totals(question: Question, asked: TotalQuery, grain: Grain, view: View, time: CellFilter) -> Response:
    """Answer with sums, all on one page.

    Raises:
        ProblemError: there are more than a page has.
    """
    classes, emissions = class_codes(asked)
    by = By(*(part in asked.by for part in Part))

    def read(connection: Connection) -> Page:
        numbers = zone_numbers(connection, asked.zones_for(question.caller))
        where = time._replace(
            zones=numbers, classes=classes, emissions=emissions, sources=source_codes([asked.source])
        )
        found = totals(connection, grain, where, by, limit=MOST_ROWS + 1)
        if len(found) > MOST_ROWS:
            detail = f"there are more than {MOST_ROWS} sums: ask for a shorter period, or tell less apart"
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "too-many-rows", detail)
        names = zone_ids(connection, (row.zone_no for row in found if row.zone_no is not None))
        return Page(
            COLUMNS[grain],
            [_row(total, names, asked.source) for total in found],
            freshness(connection, view, [asked.source]),
            view=view,
            k=max((row.k for row in found), default=0) or None,
            shapes=shapes_for(connection, asked.format, list(names.values())),
        )

    page = question.read(view, read, asked)
    return respond(question.request, page, asked, name=f"totals-{grain.value}", now=question.parts.clock())


def _row(total: TotalRow, names: dict[int, str], source: str) -> Row:
    """Return sums as the row of their columns."""
    return (
        total.bucket,
        None if total.zone_no is None else names[total.zone_no],
        None if total.vehicle_class is None else VEHICLE_CLASSES[total.vehicle_class],
        None if total.zero_emission is None else ZERO_EMISSIONS[total.zero_emission],
        source,
        total.cells,
        total.suppressed,
        total.observations,
        total.entries,
        total.exits,
        total.appearances,
        total.disappearances,
        seconds(total.dwell_us),
        total.visits,
        seconds(total.visit_us),
        total.stops,
        seconds(total.stop_us),
        seconds(total.distance_um),
        total.through,
    )
