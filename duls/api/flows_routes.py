"""/v1/flows: cells by slot, hour and local day, page by page in the order of time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Response

from duls.api.answers import Page, respond
from duls.api.columns import HISTORY_DAYS, HISTORY_HOURS, LIVE_DAYS, LIVE_HOURS, LIVE_SLOTS
from duls.api.cursors import CellCursor, DayCursor, behind_cell, read_cursor
from duls.api.description import page_of
from duls.api.parameters import (
    Classed,
    Dated,
    Paged,
    Sourced,
    Span,
    Timed,
    View,
    Viewed,
    Zoned,
    class_codes,
    day_period,
    source_codes,
    time_period,
)
from duls.api.reading import Anyone, Operator, Question, freshness, shapes_for
from duls.api.tables import Columns, Row
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS
from sinks.api_cells import Bucket, CellFilter, CellKey, CellRow, Grain, cells
from sinks.api_zones import zone_ids, zone_numbers
from sinks.connection import Connection

SLOT_SPAN: Final = Span(timedelta(hours=1), timedelta(days=3))
HOUR_SPAN: Final = Span(timedelta(days=1), timedelta(days=367))
DAY_SPAN: Final = Span(timedelta(days=7), timedelta(days=5 * 366))
US_PER_S: Final = 1e6
K_STATUSES: Final = ("ok", "below_k", "no_feed")
COLUMNS: Final[dict[tuple[Grain, View], Columns]] = {
    (Grain.SLOT, View.LIVE): LIVE_SLOTS,
    (Grain.HOUR, View.LIVE): LIVE_HOURS,
    (Grain.DAY, View.LIVE): LIVE_DAYS,
    (Grain.HOUR, View.HISTORY): HISTORY_HOURS,
    (Grain.DAY, View.HISTORY): HISTORY_DAYS,
}


class FlowQuery(Zoned, Classed, Sourced, Paged):
    """Cells of any length."""


class SlotQuery(FlowQuery, Timed):
    """Cells of slots."""


class HourQuery(FlowQuery, Timed, Viewed):
    """Cells of hours."""


class DayQuery(FlowQuery, Dated, Viewed):
    """Cells of local days."""


class Wanted(NamedTuple):
    """Which cells a route reads."""

    grain: Grain
    view: View
    first: Bucket
    end: Bucket
    after: CellKey | None


def flows_router() -> APIRouter:
    """Return the routes about flows."""
    router = APIRouter(prefix="/v1/flows", tags=["flows"])
    _add(router, "slot", read_slots, (LIVE_SLOTS,), "Flows by slot, of the last two days")
    _add(router, "hour", read_hours, (LIVE_HOURS, HISTORY_HOURS), "Flows by hour")
    _add(router, "day", read_days, (LIVE_DAYS, HISTORY_DAYS), "Flows by local day")
    return router


def _add(
    router: APIRouter, path: str, route: Callable[..., Response], columns: tuple[Columns, ...], summary: str
) -> None:
    """Add a route that answers with rows in any of some columns."""
    described = page_of(*columns)
    router.add_api_route(f"/{path}", route, response_class=Response, responses=described, summary=summary)


def read_slots(question: Operator, asked: Annotated[SlotQuery, Query()]) -> Response:
    """Answer with the cells of slots, in the order of time.

    A slot is final some hours after its end; before that its cells may grow.
    """
    first, end = time_period(asked, question.parts.clock(), SLOT_SPAN)
    cursor = read_cursor(asked.cursor, CellCursor)
    return _flows(question, asked, Wanted(Grain.SLOT, View.LIVE, first, end, cursor.key if cursor else None))


def read_hours(question: Anyone, asked: Annotated[HourQuery, Query()]) -> Response:
    """Answer with the cells of hours, in the order of time.

    Operators see live figures of the last eight days, which may be small.
    Planners see history: cells below `k` are suppressed, their figures null and `k_status` is `below_k`.
    """
    view = question.view(asked.view)
    first, end = time_period(asked, question.parts.clock(), HOUR_SPAN)
    cursor = read_cursor(asked.cursor, CellCursor)
    return _flows(question, asked, Wanted(Grain.HOUR, view, first, end, cursor.key if cursor else None))


def read_days(question: Anyone, asked: Annotated[DayQuery, Query()]) -> Response:
    """Answer with the cells of local days, in the order of time.

    What operators and planners see differs as it does for hours.
    """
    view = question.view(asked.view)
    first, end = day_period(asked, question.parts.clock(), DAY_SPAN)
    cursor = read_cursor(asked.cursor, DayCursor)
    return _flows(question, asked, Wanted(Grain.DAY, view, first, end, cursor.key if cursor else None))


def _flows(question: Question, asked: FlowQuery, wanted: Wanted) -> Response:
    """Answer with one page of cells."""
    columns = COLUMNS[wanted.grain, wanted.view]
    classes, emissions = class_codes(asked)
    sources = source_codes(asked.source)

    def read(connection: Connection) -> Page:
        numbers = zone_numbers(connection, asked.zones_for(question.caller))
        where = CellFilter(wanted.first, wanted.end, numbers, classes, emissions, sources)
        found = cells(connection, wanted.grain, where, after=wanted.after, limit=asked.limit + 1)
        given = found[: asked.limit]
        names = zone_ids(connection, (row.zone_no for row in given))
        return Page(
            columns,
            _rows(given, names, wanted),
            freshness(connection, wanted.view, asked.source),
            behind_cell(given[-1].key) if len(found) > asked.limit else None,
            wanted.view,
            max((row.k for row in given), default=0) or None,
            shapes_for(connection, asked.format, list(names.values())),
        )

    page = question.read(wanted.view, read, asked)
    return respond(
        question.request, page, asked, name=f"flows-{wanted.grain.value}", now=question.parts.clock()
    )


def _rows(found: list[CellRow], names: dict[int, str], wanted: Wanted) -> list[Row]:
    """Return cells as the rows of their columns."""
    return [
        (
            cell.bucket,
            *([cell.slot_s] if wanted.grain is Grain.SLOT else []),
            names[cell.zone_no],
            VEHICLE_CLASSES[cell.vehicle_class],
            ZERO_EMISSIONS[cell.zero_emission],
            SOURCES[cell.source],
            cell.observations,
            cell.vehicles,
            cell.entries,
            cell.exits,
            cell.appearances,
            cell.disappearances,
            seconds(cell.dwell_us),
            cell.visits,
            seconds(cell.visit_us),
            cell.stops,
            seconds(cell.stop_us),
            seconds(cell.distance_um),  # micrometres to metres is the same
            cell.through,
            cell.late,
            *([cell.k, K_STATUSES[cell.k_status]] if wanted.view is View.HISTORY else []),
        )
        for cell in found
    ]


def seconds(micros: int | None) -> float | None:
    """Return millionths as whole units; None where they are suppressed."""
    return None if micros is None else micros / US_PER_S
