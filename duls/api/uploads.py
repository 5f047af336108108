"""Taking uploads of suppliers that push: who may, how much, once, and not before the broker has all of it."""

import asyncio
import uuid
import zlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, NamedTuple

import anyio.to_thread
import structlog
from fastapi import Request

from duls.api.gate import Gate
from duls.api.problems import RETRY_S, ProblemError
from duls.api.tokens import Scope
from duls.api.upload_body import busy, read_body, too_large, unpack
from duls.api.upload_bounds import FullError, Room, Stay, UploadRate
from duls.errors import BusyError, ServiceAwayError
from duls.metrics import Metrics
from sinks.reading import Reader
from sinks.upload_keys import is_known_key, note_key
from streams.dividing import divide
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC
from streams.upload_sender import UploadSender

PART_BYTES: Final = 512 * 1024  # of one record; brokers take one of twice that without being told
AT_WORK: Final = 2  # uploads that are unpacked or divided at once: each may need several times its size
LOOKED_AT_BYTES: Final = 64 * 1024  # smaller bodies are not worth a thread
IDENTITY: Final = frozenset({"", "identity"})
GZIP: Final = frozenset({"gzip", "x-gzip"})

log = structlog.get_logger()


class Feed(NamedTuple):
    """A feed that suppliers push."""

    name: str
    scope: Scope
    topic: str
    is_limited: bool  # whether the messages of a minute are


POSITIONS: Final = Feed("fms", Scope.SEND_POSITIONS, POSITIONS_TOPIC, is_limited=False)
DETECTIONS: Final = Feed("anpr", Scope.SEND_DETECTIONS, DETECTIONS_TOPIC, is_limited=True)


class Taken(NamedTuple):
    """An upload that the broker has."""

    bytes: int  # as they came
    records: int  # 0 for a repeat
    is_repeat: bool


class Uploads:
    """Takes uploads; one for each process.

    Args:
        gate: tells who sends.
        sender: to the broker.
        reader: of the database, which remembers keys of uploads; while it is away, each is taken for a new one.
        metrics: where uploads are counted.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        gate: Gate,
        sender: UploadSender,
        reader: Reader,
        metrics: Metrics,
        *,
        clock: Callable[[], float],
        room: Room | None = None,
    ) -> None:
        self._gate = gate
        self._sender = sender
        self._reader = reader
        self._metrics = metrics
        self._rate = UploadRate(clock)
        self._room = room or Room()
        self._work = asyncio.Semaphore(AT_WORK)

    async def take(self, request: Request, feed: Feed, key: uuid.UUID | None) -> Taken:
        """Take one upload.

        Args:
            request: whose body it is.
            feed: that it belongs to.
            key: the sender's name of it, if it has one; what has a key is taken once in seven days.

        Raises:
            ProblemError: it is not taken, and nothing of it need be kept.
        """
        try:
            taken = await self._take(request, feed, key)
        except ProblemError as problem:
            self._metrics.uploads_total.labels(feed.name, problem.name).inc()
            raise
        self._metrics.uploads_total.labels(feed.name, "repeat" if taken.is_repeat else "taken").inc()
        self._metrics.upload_bytes_total.labels(feed.name).inc(taken.bytes)
        return taken

    async def _take(self, request: Request, feed: Feed, key: uuid.UUID | None) -> Taken:
        """Take one upload."""
        sender = self._sender_of(request, feed)
        packed = _is_packed(request)
        with self._room.stay() as stay:
            body = await read_body(request, self._room, stay)
            size = len(body)
            if key is not None and await self._is_repeat(sender, key):
                return Taken(size, 0, is_repeat=True)
            records = await self._send(body, feed, stay, packed=packed)
        if key is not None:
            await self._note(sender, key)
        return Taken(size, records, is_repeat=False)

    def _sender_of(self, request: Request, feed: Feed) -> str:
        """Return whom the token of a request was issued for, if it may send now."""
        caller = self._gate.caller(_token_of(request), "")  # nobody sends without a token
        if feed.scope not in caller.scopes:
            detail = f"the token has not the scope {feed.scope.value}"
            raise ProblemError(HTTPStatus.FORBIDDEN, "scope-missing", detail)
        sender = caller.subject or ""
        if feed.is_limited and (wait_s := self._rate.wait_s(sender)):
            detail = "a sender sends at most 600 messages a minute: put more observations into each"
            headers = {"Retry-After": str(wait_s)}
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "too-many-messages", detail, headers=headers)
        return sender

    async def _send(self, body: bytes, feed: Feed, stay: Stay, *, packed: bool) -> int:
        """Send a body and wait until the broker has it; return as how many records."""
        if packed or len(body) > LOOKED_AT_BYTES:
            async with self._work:
                parts = await anyio.to_thread.run_sync(_parts_of, body, packed)
        else:
            parts = [body]
        try:
            stay.grow(max(0, sum(map(len, parts)) - stay.bytes))
            del body
            await asyncio.wrap_future(self._sender.send(feed.topic, parts))
        except (FullError, BusyError):
            raise busy() from None
        except ServiceAwayError as error:
            log.warning("an upload was not taken", feed=feed.name, reason=str(error))
            detail = "the broker does not answer: send it again after Retry-After seconds"
            headers = {"Retry-After": str(RETRY_S)}
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, "broker-away", detail, headers=headers
            ) from None
        return len(parts)

    async def _is_repeat(self, sender: str, key: uuid.UUID) -> bool:
        """Tell whether an upload with this key was taken before."""
        try:
            return await anyio.to_thread.run_sync(
                lambda: self._reader.as_login(lambda connection: is_known_key(connection, sender, key))
            )
        except ServiceAwayError as error:
            log.warning("keys of uploads are not known at this moment", reason=str(error))
            return False

    async def _note(self, sender: str, key: uuid.UUID) -> None:
        """Remember the key of an upload that was taken."""
        try:
            await anyio.to_thread.run_sync(
                lambda: self._reader.as_login(lambda connection: note_key(connection, sender, key))
            )
        except ServiceAwayError as error:
            log.warning("a key of an upload is not kept", reason=str(error))


def _token_of(request: Request) -> str | None:
    """Return the token of a request: as VESDI sends keys, or as bearer."""
    if key := request.headers.get("x-api-key"):
        return key
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def _is_packed(request: Request) -> bool:
    """Tell whether a body is packed by gzip.

    Raises:
        ProblemError: it is packed in another way.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower()
    if encoding not in IDENTITY | GZIP:
        detail = "the only Content-Encoding is gzip"
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unknown-encoding", detail)
    return encoding in GZIP


def _parts_of(body: bytes, packed: bool) -> list[bytes]:  # noqa: FBT001  # a thread is given arguments by place
    """Return the records of a body.

    Raises:
        ProblemError: it is not what its header says, or too large, or a single message is.
    """
    if packed:
        try:
            unpacked = unpack(body)
        except zlib.error:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "broken-encoding", "the body is not gzip") from None
        if unpacked is None:
            raise too_large()
        body = unpacked
    parts = divide(body, most_bytes=PART_BYTES)
    if parts is None:
        detail = (
            f"more than {PART_BYTES} bytes are taken as an envelope, an array or lines of smaller messages"
        )
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "indivisible-content", detail)
    return parts
