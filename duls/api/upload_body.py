"""The body of an upload: read within bounds of size and time, and unpacked within the same."""

import asyncio
import zlib
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from duls.api.problems import ProblemError
from duls.api.upload_bounds import MOST_BYTES, FullError, Room, Stay

BODY_S: Final = 60.0  # a body comes within this
DRAIN_S: Final = 10.0  # what is refused is read on for so long, so that its sender hears why
BUSY_S: Final = 1
STEP_BYTES: Final = 1024 * 1024
SLICE_BYTES: Final = 64 * 1024
MOST_MEMBERS: Final = 10_000  # those who pack in blocks of 64 KiB have 800 in an upload of the largest size
GZIP_BITS: Final = 31


async def read_body(request: Request, room: Room, stay: Stay) -> bytes:
    """Return the body as it came.

    Raises:
        ProblemError: it is too large, comes too slowly, or there is no room for it.
    """
    announced = request.headers.get("content-length", "")
    expected = int(announced) if announced.isascii() and announced.isdigit() else 0
    if expected > MOST_BYTES:
        raise too_large()
    if expected > room.free:
        raise busy()
    chunks: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                stay.grow(len(chunk))
                chunks.append(chunk)
                if stay.bytes > MOST_BYTES:
                    raise too_large()
    except TimeoutError:
        raise _too_slow() from None
    except FullError:
        raise busy() from None
    except ClientDisconnect:
        raise _broken_off() from None
    return b"".join(chunks)


async def drain(request: Request) -> None:
    """Read what is left of a body that is refused, within bounds; a sender that is still sending hears nothing."""
    left = MOST_BYTES
    try:
        async with asyncio.timeout(DRAIN_S):
            async for chunk in request.stream():
                left -= len(chunk)
                if left < 0:
                    return
    except (TimeoutError, ClientDisconnect, RuntimeError):  # the last one: it was read to its end
        return


def unpack(packed: bytes) -> bytes | None:
    """Return what gzip packed; None where that has more bytes than an upload may have.

    It is read slice by slice, since zlib copies what stands behind a member, of which there may be many.

    Raises:
        zlib.error: it is not gzip, a part of it is missing, or it has too many members.
    """
    unpacked: list[bytes] = []
    size = members = place = 0
    rest = b""  # of the last slice
    while rest or place < len(packed):
        members += 1
        if members > MOST_MEMBERS:
            message = "it has too many members"
            raise zlib.error(message)
        stream = zlib.decompressobj(GZIP_BITS)
        while not stream.eof:
            if not rest:
                rest = packed[place : place + SLICE_BYTES]
                place += len(rest)
            is_last = not rest
            step = stream.decompress(rest, STEP_BYTES)
            rest = stream.unconsumed_tail
            size += len(step)
            if size > MOST_BYTES:
                return None
            unpacked.append(step)
            if is_last and not step and not stream.eof:
                message = "the end is missing"
                raise zlib.error(message)
        rest = stream.unused_data  # of another member
    return b"".join(unpacked)


def too_large() -> ProblemError:
    """Return the problem of an upload that is too large."""
    detail = f"an upload has at most {MOST_BYTES} bytes, unpacked too: send it in parts"
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", detail)


def busy() -> ProblemError:
    """Return the problem of too many uploads at once."""
    detail = "too much waits for the broker at this moment: send it again after Retry-After seconds"
    return ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "busy", detail, headers={"Retry-After": str(BUSY_S)})


def _too_slow() -> ProblemError:
    """Return the problem of a body that comes too slowly."""
    detail = f"a body comes within {BODY_S:g} s"
    return ProblemError(HTTPStatus.REQUEST_TIMEOUT, "too-slow-body", detail, headers={"Connection": "close"})


def _broken_off() -> ProblemError:
    """Return the problem of a client that went away; nobody hears it."""
    return ProblemError(HTTPStatus.BAD_REQUEST, "broken-off", "the body is not complete")
