"""/events: live figures as server-sent events.

A stream begins with the whole state, or with what changed since the event that the client saw last, and goes on
with what changes. A client that is slow to read is sent one message with all that it missed; one that reads nothing for
a while is dropped. Every message and every pause tells the time, so that a page knows the age of its data by the
clock of the server, and that the stream lives.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

import structlog
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse
from starlette import types

from duls.api.live_state import Sight, event
from duls.api.parts import ApiParts
from duls.api.problems import ProblemError
from duls.api.reading import Operator
from duls.api.tokens import Caller, Scope
from sinks.reading import Access, ReadRole

BEAT_S: Final = 2.0  # a stream is silent no longer
FIRST_S: Final = 3.0  # a stream that opens waits so long for the first reading of a young process
RETRY_MS: Final = 1_000
MOST_STREAMS: Final = 1_000
MOST_OF_ONE: Final = 100  # of one token, so that it does not keep the others out
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENT_ID_CHARS: Final = 64
STALLED_S: Final = 20.0  # a client that takes nothing for so long is dropped
LONGEST_S: Final = 3_600.0  # then the client opens another one

log = structlog.get_logger()


class EventResponse(StreamingResponse):
    """A stream of events that ends when its client takes nothing for a while.

    Args:
        events: what is sent; closed at the end, whatever ended it.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        super().__init__(events, headers=HEADERS)
        self._events = events

    async def __call__(self, scope: types.Scope, receive: types.Receive, send: types.Send) -> None:
        """Send the stream."""

        async def bounded(message: types.Message) -> None:
            """Send a part of it; the server waits here while the client does not read."""
            async with asyncio.timeout(STALLED_S):
                await send(message)

        try:
            await super().__call__(scope, receive, bounded)
        except TimeoutError:
            log.info("a client that read nothing was dropped")
        finally:
            await self._events.aclose()


def events_router() -> APIRouter:
    """Return the route of the stream."""
    router = APIRouter(tags=["page"], include_in_schema=False)
    router.add_api_route("/events", _events, response_class=EventResponse)
    return router


def _events(
    question: Operator, last_event_id: Annotated[str, Header(max_length=EVENT_ID_CHARS)] = ""
) -> EventResponse:
    """Open a stream, unless there are too many."""
    parts, caller, request = question.parts, question.caller, question.request
    hub = parts.live
    if hub.streams >= MOST_STREAMS:
        detail = f"{MOST_STREAMS} streams are open already: try again later"
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "too-many-streams", detail, headers={"Retry-After": "10"}
        )
    if caller.token_id is not None and hub.streams_of[caller.token_id] >= MOST_OF_ONE:
        detail = f"{MOST_OF_ONE} streams are open with this token: close some of them"
        raise ProblemError(
            HTTPStatus.TOO_MANY_REQUESTS, "too-many-streams", detail, headers={"Retry-After": "10"}
        )
    access = Access(caller.subject, caller.token_id, request.url.path, {})
    parts.reader.read(ReadRole.OPERATOR, lambda _: (), access=access)
    rights = {"acknowledge": parts.deeds is not None and Scope.ACT in caller.scopes}
    return EventResponse(_stream(parts, caller, event("rights", rights), hub.state.step_of(last_event_id)))


async def _stream(parts: ApiParts, caller: Caller, first: bytes, step: int) -> AsyncGenerator[bytes, None]:
    """Yield what a client is sent until the process stops, the client goes away, or it is time to ask again."""
    hub, sight, gate, keys = parts.live, sight_of(caller), parts.gate, parts.gate.keys()
    end_s = time.monotonic() + _lasts_s(caller, hub.now())
    _count(parts, caller, 1)
    try:
        yield b"retry: %d\n\n" % RETRY_MS
        yield first
        await hub.changed(0, FIRST_S)
        while not parts.stopping.is_set() and time.monotonic() < end_s:
            if gate.keys() != keys or gate.is_revoked(caller):
                break
            beat = event("beat", {"now": hub.now_ms()})
            if step == hub.state.step:
                yield beat
            else:
                message, step = hub.state.since(step, sight), hub.state.step
                yield beat + message
            await hub.changed(step, BEAT_S)
    finally:
        _count(parts, caller, -1)


def _lasts_s(caller: Caller, now: datetime) -> float:
    """Return how long a stream may last: not beyond its token."""
    return LONGEST_S if caller.expires_s is None else min(LONGEST_S, caller.expires_s - now.timestamp())


def _count(parts: ApiParts, caller: Caller, change: int) -> None:
    """Count the streams that are open, of everybody and of each token."""
    hub = parts.live
    hub.streams += change
    parts.metrics.event_streams_open.set(hub.streams)
    if caller.token_id is not None:
        hub.streams_of[caller.token_id] += change
        if not hub.streams_of[caller.token_id]:
            del hub.streams_of[caller.token_id]


def sight_of(caller: Caller) -> Sight:
    """Return what a caller sees."""
    return None if caller.municipalities is None else tuple(sorted(caller.municipalities))
