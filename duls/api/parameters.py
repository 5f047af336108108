"""Query parameters of /v1: what may be asked, with bounds; names that are unknown are refused."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from duls.api.geometries import Crs
from duls.api.problems import ProblemError
from duls.api.tokens import Caller
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS
from sinks.api_zones import ZoneFilter

MOST_VALUES: Final = 500  # of one filter
MOST_ROWS: Final = 20_000  # of one page
USUAL_ROWS: Final = 1_000
FIRST_DAY: Final = date(2000, 1, 1)
LAST_DAY: Final = date(2100, 1, 1)
FIRST_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
LAST_TIME: Final = datetime(2100, 1, 1, tzinfo=UTC)
LOCAL: Final = ZoneInfo("Europe/Amsterdam")
LOST_PLUS: Final = re.compile(r"(T\d{2}:\d{2}\S*) (\d{2}:?\d{2})$")

VehicleClassName = Literal["M1", "M2", "M3", "N1", "N2", "N3", "L", "other", "unknown"]
ZeroEmissionName = Literal["yes", "no", "unknown"]
SourceName = Literal["fms", "anpr"]
KindName = Literal[
    "municipality",
    "district",
    "neighbourhood",
    "environmental_zone",
    "zero_emission_zone",
    "smart_zone",
    "loading_zone",
    "construction_site",
    "hub",
    "other",
]


class Format(StrEnum):
    """Forms of an answer."""

    JSON = "json"
    CSV = "csv"
    GEOJSON = "geojson"
    PARQUET = "parquet"


class View(StrEnum):
    """Whose figures."""

    LIVE = "live"  # of operators: at once, kept for days, may be small
    HISTORY = "history"  # of planners: k-safe, published once per local day, kept for years


def _plain(text: str) -> str:
    """Refuse what no database holds."""
    if "\0" in text:
        message = "must be text"
        raise ValueError(message)
    return text


def _with_plus(text: object) -> object:
    """Put back the plus sign of an offset, which a query string spells %2B and people spell +."""
    return LOST_PLUS.sub(r"\1+\2", text) if isinstance(text, str) else text


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
Note = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_plain)]
Municipality = Annotated[str, Field(pattern=r"^GM\d{4}$", examples=["GM0363"])]
Instant = Annotated[AwareDatetime, BeforeValidator(_with_plus)]


class Output(BaseModel):
    """How the answer shall look."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = Field(Format.JSON, description="Form of the answer.")
    crs: Crs = Field(Crs.WGS84, description="Coordinate system of `geojson` and `parquet`.")


class Paged(Output):
    """How much of the answer is wanted at once."""

    limit: int = Field(USUAL_ROWS, ge=1, le=MOST_ROWS, description="Most rows of the page.")
    cursor: str | None = Field(
        None, max_length=1_000, description="`next` of the page before; absent for the first page."
    )


class Zoned(Output):
    """Which zones."""

    zone: list[Text] = Field([], max_length=MOST_VALUES, description="Ids of zones; all when absent.")
    municipality: list[Municipality] = Field([], max_length=MOST_VALUES, description="CBS codes.")
    kind: list[KindName] = Field([], description="Kinds of zones.")

    def zones_for(self, caller: Caller) -> ZoneFilter:
        """Return the filter of these zones, and of those that the caller may see."""
        granted = None if caller.municipalities is None else list(caller.municipalities)
        return ZoneFilter(self.zone or None, self.municipality or None, list(self.kind) or None, granted)


class Classed(BaseModel):
    """Which vehicles."""

    vehicle_class: list[VehicleClassName] = Field([], description="EU vehicle categories; all when absent.")
    zero_emission: list[ZeroEmissionName] = Field([], description="Emission; all when absent.")


class Sourced(BaseModel):
    """What observed."""

    source: list[SourceName] = Field([], description="Sources; all when absent.")


class OneSource(BaseModel):
    """What observed, where figures of several sources must not be added up."""

    source: SourceName = Field("fms", description="Source: a vehicle may be seen by both.")


class Viewed(BaseModel):
    """Whose figures."""

    view: View | None = Field(
        None,
        description="`live` for operators, `history` for planners; needed only where a token may see both.",
    )


class Timed(BaseModel):
    """Which time, for slots and hours."""

    from_: Instant | None = Field(
        None,
        alias="from",
        description="Buckets that start at or after this time (ISO 8601 with offset).",
        examples=["2026-11-23T00:00:00+01:00"],
    )
    to: Instant | None = Field(
        None,
        description="Buckets that start before this time; now when absent.",
        examples=["2026-11-24T00:00:00+01:00"],
    )


class Dated(BaseModel):
    """Which local days."""

    from_: date | None = Field(None, alias="from", description="First local day.", examples=["2026-11-01"])
    to: date | None = Field(
        None, description="First local day that is left out; tomorrow when absent.", examples=["2026-12-01"]
    )


class Span(NamedTuple):
    """How long a period may be, and how long it is when nothing is said."""

    usual: timedelta
    longest: timedelta


def time_period(asked: Timed, now: datetime, span: Span) -> tuple[datetime, datetime]:
    """Return the period asked for: up to now, and as long as usual, where nothing is said.

    Raises:
        ProblemError: it is empty, too long, or in another century.
    """
    end = asked.to or now
    _check(FIRST_TIME < end <= LAST_TIME)
    first = asked.from_ or end - span.usual
    _check(FIRST_TIME <= first < end)
    _check_length(end - first, span)
    return first, end


def day_period(asked: Dated, now: datetime, span: Span) -> tuple[date, date]:
    """Return the days asked for: up to today, and as many as usual, where nothing is said.

    Raises:
        ProblemError: there are none, too many, or they are in another century.
    """
    end = asked.to or now.astimezone(LOCAL).date() + timedelta(days=1)
    _check(FIRST_DAY < end <= LAST_DAY)
    first = asked.from_ or end - span.usual
    _check(FIRST_DAY <= first < end)
    _check_length(end - first, span)
    return first, end


def in_bounds(time: datetime | None) -> datetime | None:
    """Return a time that is in this century, or none.

    Raises:
        ProblemError: it is in another.
    """
    _check(time is None or FIRST_TIME <= time <= LAST_TIME)
    return time


def _check(is_sound: bool) -> None:  # noqa: FBT001  # private
    """Refuse a period that is none."""
    if not is_sound:
        detail = f"from must lie before to, and both between {FIRST_DAY} and {LAST_DAY}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-period", detail)


def _check_length(length: timedelta, span: Span) -> None:
    """Refuse a period that is too long."""
    if length > span.longest:
        detail = f"a period is at most {span.longest.days} days long: ask for several"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "period-too-long", detail)


def codes_of(names: Sequence[str], vocabulary: Sequence[str]) -> list[int] | None:
    """Return the codes of names; None where there are none, for all."""
    return [vocabulary.index(name) for name in names] or None


def class_codes(asked: Classed) -> tuple[list[int] | None, list[int] | None]:
    """Return the codes of vehicle classes and of emissions."""
    return codes_of(asked.vehicle_class, VEHICLE_CLASSES), codes_of(asked.zero_emission, ZERO_EMISSIONS)


def source_codes(names: Sequence[str]) -> list[int] | None:
    """Return the codes of sources."""
    return codes_of(names, SOURCES)
