"""/: the live page, its files, and the figures that it asks for beside the stream."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from http import HTTPStatus
from string import Template
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from duls.api.assets import Asset, read_assets
from duls.api.events import sight_of
from duls.api.problems import ProblemError
from duls.api.reading import Operator, Question
from duls.api.shield import CONTENT_SECURITY_POLICY
from processors.vocabulary import ZONE_KINDS
from sinks.connection import Connection
from sinks.live_now import milliseconds
from sinks.past_slots import Where, ZoneSlot, read_series, read_slot, slot_length
from sinks.reading import Access, ReadRole

SPAN: Final = timedelta(hours=6)  # of the time slider
ZONE_ID_CHARS: Final = 200
LATEST_MS: Final = 4_102_444_800_000  # the year 2100
YEAR_S: Final = 31_536_000
SLOT_KEPT_S: Final = 60
JSON: Final = "application/json"

Milliseconds = Annotated[int, Path(ge=0, le=LATEST_MS)]
ZoneId = Annotated[str, Query(max_length=ZONE_ID_CHARS)]


class Series(msgspec.Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """The mean number present, slot by slot. Times are milliseconds since 1970."""

    slot_s: int
    begin: int
    end: int
    present: list[tuple[int, float]]  # start of a slot, and the mean; a slot without any figure is left out

    def __len__(self) -> int:
        """Return the number of slots, for the access log."""
        return len(self.present)


class Slot(msgspec.Struct, frozen=True):
    """The figures of zones in one slot."""

    start: int  # milliseconds since 1970
    slot_s: int
    zones: dict[str, ZoneSlot]

    def __len__(self) -> int:
        """Return the number of zones, for the access log."""
        return len(self.zones)


Read = TypeVar("Read", Series, Slot)


def page_router(tiles: str) -> APIRouter:
    """Return the routes of the page.

    Args:
        tiles: address of a map style or of raster tiles; empty for none.
    """
    page = _Page(tiles)
    router = APIRouter(tags=["page"], include_in_schema=False)
    router.add_api_route("/", page.index, response_class=Response)
    router.add_api_route("/static/{path:path}", page.file, response_class=Response)
    router.add_api_route("/page/zones", _zones, response_class=Response)
    router.add_api_route("/page/series", _series, response_class=Response)
    router.add_api_route("/page/slots/{start}", _slot, response_class=Response)
    return router


class _Page:
    """The files of the page."""

    def __init__(self, tiles: str) -> None:
        self._assets = read_assets()
        text = self._assets.pop("index.html").content.decode()
        self._index = Asset("index.html", Template(text).substitute(tiles=escape(tiles)).encode())
        self._policy = {"Content-Security-Policy": content_security_policy(tiles)}

    async def index(self, request: Request) -> Response:
        """Answer with the page itself."""
        return self._index.answer(request, self._policy)

    async def file(self, path: str, request: Request) -> Response:
        """Answer with a file of the page."""
        asset = self._assets.get(path)
        if asset is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "not-found", "the page has no such file")
        return asset.answer(request)


def content_security_policy(tiles: str) -> str:
    """Return the policy of the page: nothing comes from elsewhere but the background map that was set."""
    if not tiles:
        return CONTENT_SECURITY_POLICY
    parts = urlsplit(tiles)
    host = f"{parts.scheme}://{parts.netloc}"
    own = CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {host}")
    return f"{own}; connect-src 'self' {host}"


def _zones(question: Operator, version: str = "") -> Response:
    """Answer with the zones as GeoJSON; those of a version never change."""
    zones, sight = question.parts.live.zones, sight_of(question.caller)
    features = [shape.feature for shape in zones.shapes if sight is None or shape.municipality in sight]
    document = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    # for this caller: a browser that comes with another token asks again
    kept = f"private, max-age={YEAR_S}, immutable" if version == zones.version else "no-store"
    headers = {"Cache-Control": kept, "Vary": "Authorization"}
    return Response(document, headers=headers, media_type="application/geo+json")


def _series(question: Operator, zone: ZoneId | None = None, kind: ZoneId | None = None) -> Response:
    """Answer with the mean number present in each slot of the past hours."""
    if (zone is None) == (kind is None) or (kind is not None and kind not in ZONE_KINDS):
        detail = f"give either a zone or one kind of {', '.join(ZONE_KINDS)}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-parameter", detail)
    granted = question.caller.municipalities
    where = Where(zone, kind, None if granted is None else list(granted))
    now = question.parts.clock()
    series = _read(question, lambda connection: _series_until(connection, where, now), where._asdict())
    return Response(msgspec.json.encode(series), headers={"Cache-Control": "no-store"}, media_type=JSON)


def _series_until(connection: Connection, where: Where, now: datetime) -> Series:
    """Read the slots of the past hours that are over."""
    length = slot_length(connection)
    if length is None:
        return Series(0, 0, 0, [])
    end = _slot_start(now, length)
    points = read_series(connection, where, (end - SPAN, end), length)
    present = [(milliseconds(start), mean) for start, mean in points]
    return Series(round(length.total_seconds()), milliseconds(end - SPAN), milliseconds(end), present)


def _slot(question: Operator, start: Milliseconds) -> Response:
    """Answer with the figures of every zone in one slot."""
    sight, municipalities = sight_of(question.caller), question.parts.live.zones.municipalities

    def read(connection: Connection) -> Slot:
        length = slot_length(connection) or timedelta()
        found = read_slot(connection, datetime.fromtimestamp(start / 1_000, UTC), length)
        seen = {
            zone: figures
            for zone, figures in found.items()
            if sight is None or municipalities.get(zone) in sight
        }
        return Slot(start, round(length.total_seconds()), seen)

    slot = _read(question, read, {"start": start})
    kept = {"Cache-Control": f"private, max-age={SLOT_KEPT_S}", "Vary": "Authorization"}
    return Response(msgspec.json.encode(slot), headers=kept, media_type=JSON)


def _read(question: Question, action: Callable[[Connection], Read], asked: dict[str, Any]) -> Read:
    """Read live figures as operators may, and write down who did."""
    access = Access(question.caller.subject, question.caller.token_id, question.request.url.path, asked)
    return question.parts.reader.read(ReadRole.OPERATOR, action, access=access)


def _slot_start(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the slot that a moment is in."""
    length_s = length.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // length_s * length_s, UTC)
