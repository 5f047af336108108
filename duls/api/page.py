"""/: the live page, its files, and the figures that it asks for beside the stream."""

import asyncio
from datetime import UTC, datetime, timedelta
from html import escape
from http import HTTPStatus
from string import Template
from typing import Annotated, Final
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from duls.api.access import require_scope
from duls.api.assets import Asset, read_assets
from duls.api.events import sight_of
from duls.api.parts import Parts
from duls.api.problems import ProblemError
from duls.api.shield import CONTENT_SECURITY_POLICY
from duls.api.tokens import Caller, Scope
from processors.vocabulary import ZONE_KINDS
from sinks.live_now import milliseconds
from sinks.past_slots import Where, ZoneSlot, read_series, read_slot, slot_length
from sinks.reading import ReadRole

SPAN: Final = timedelta(hours=6)  # of the time slider
ZONE_ID_CHARS: Final = 200
LATEST_MS: Final = 4_102_444_800_000  # the year 2100
YEAR_S: Final = 31_536_000
SLOT_KEPT_S: Final = 60
JSON: Final = "application/json"

Operator = Annotated[Caller, Depends(require_scope(Scope.OPERATOR))]
Milliseconds = Annotated[int, Path(ge=0, le=LATEST_MS)]


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


async def _zones(parts: Parts, caller: Operator, version: str = "") -> Response:
    """Answer with the zones as GeoJSON; those of a version never change."""
    zones, sight = parts.live.zones, sight_of(caller)
    features = [shape.feature for shape in zones.shapes if sight is None or shape.municipality in sight]
    document = msgspec.json.encode({"type": "FeatureCollection", "features": features})
    # for this caller: a browser that comes with another token asks again
    kept = f"private, max-age={YEAR_S}, immutable" if version == zones.version else "no-store"
    headers = {"Cache-Control": kept, "Vary": "Authorization"}
    return Response(document, headers=headers, media_type="application/geo+json")


async def _series(
    parts: Parts,
    caller: Operator,
    zone: Annotated[str | None, Query(max_length=ZONE_ID_CHARS)] = None,
    kind: Annotated[str | None, Query(max_length=ZONE_ID_CHARS)] = None,
) -> Response:
    """Answer with the mean number present in each slot of the past hours."""
    if (zone is None) == (kind is None) or (kind is not None and kind not in ZONE_KINDS):
        detail = f"give either a zone or one kind of {', '.join(ZONE_KINDS)}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-parameter", detail)
    seen = None if caller.municipalities is None else list(caller.municipalities)

    def read() -> dict[str, object]:
        with parts.reader.transaction(ReadRole.OPERATOR) as connection:
            length = slot_length(connection)
            if length is None:
                return {"slot_s": 0, "from": 0, "to": 0, "present": []}
            end = _slot_start(parts.clock(), length)
            begin = end - SPAN
            points = read_series(connection, Where(zone, kind, seen), (begin, end), length)
        return {
            "slot_s": round(length.total_seconds()),
            "from": milliseconds(begin),
            "to": milliseconds(end),
            "present": [(milliseconds(start), round(present, 2)) for start, present in points],
        }

    answer = await asyncio.to_thread(read)
    return Response(msgspec.json.encode(answer), headers={"Cache-Control": "no-store"}, media_type=JSON)


async def _slot(parts: Parts, caller: Operator, start: Milliseconds) -> Response:
    """Answer with the figures of every zone in one slot."""

    def read() -> tuple[timedelta, dict[str, ZoneSlot]]:
        with parts.reader.transaction(ReadRole.OPERATOR) as connection:
            length = slot_length(connection) or timedelta()
            return length, read_slot(connection, datetime.fromtimestamp(start / 1_000, UTC), length)

    length, figures = await asyncio.to_thread(read)
    sight, municipalities = sight_of(caller), parts.live.zones.municipalities
    zones = {
        zone: {"present": round(slot.present, 2), "entries": slot.entries, "exits": slot.exits}
        for zone, slot in figures.items()
        if sight is None or municipalities.get(zone) in sight
    }
    answer = {"start": start, "slot_s": round(length.total_seconds()), "zones": zones}
    kept = {"Cache-Control": f"private, max-age={SLOT_KEPT_S}", "Vary": "Authorization"}
    return Response(msgspec.json.encode(answer), headers=kept, media_type=JSON)


def _slot_start(moment: datetime, length: timedelta) -> datetime:
    """Return the start of the slot that a moment is in."""
    length_s = length.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // length_s * length_s, UTC)
