"""Uploads as records that topics take: what is too large is divided between the members of its envelope or array."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

MOST_COMMAS: Final = 3_000_000  # bounds the memory of members; 50 MB of observations have half as many


class _Envelope(msgspec.Struct):
    """A message of VESDI 2."""

    message_type: str
    schema_version: str
    payload: list[msgspec.Raw]


class _Members(NamedTuple):
    """What stands between a beginning and an end that every part repeats."""

    before: bytes
    between: bytes
    after: bytes
    members: Iterable[bytes | memoryview]


def divide(value: bytes, *, most_bytes: int) -> list[bytes] | None:
    """Return the parts of an upload, each a message of its own; None where a part would have more than *most_bytes*.

    What is small enough is not looked at: intake says what it is.
    """
    if len(value) <= most_bytes:
        return [value]
    members = _members(value)
    return None if members is None else _packed(members, most_bytes)


def _members(value: bytes) -> _Members | None:
    """Return the members of an upload; None where it is nothing that can be divided."""
    if value.count(b",") > MOST_COMMAS:
        return None
    try:
        envelope = msgspec.json.decode(value, type=_Envelope)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    else:
        kind, version = (
            msgspec.json.encode(text) for text in (envelope.message_type, envelope.schema_version)
        )
        before = b'{"message_type":%b,"schema_version":%b,"payload":[' % (kind, version)
        return _Members(before, b",", b"]}", map(memoryview, envelope.payload))
    try:
        rows = msgspec.json.decode(value, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return _Members(b"", b"\n", b"", _lines(value)) if _is_lines(value) else None
    return _Members(b"[", b",", b"]", map(memoryview, rows))


def _is_lines(value: bytes) -> bool:
    """Tell whether the first line is a message; one over several lines, or CSV with its header, is not divided."""
    try:
        msgspec.json.decode(next(_lines(value), b""), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _lines(value: bytes) -> Iterator[bytes]:
    """Yield the lines that are not empty."""
    start = 0
    while start < len(value):
        end = value.find(b"\n", start)
        end = len(value) if end < 0 else end
        if line := value[start:end].strip():
            yield line
        start = end + 1


def _packed(parts: _Members, most_bytes: int) -> list[bytes] | None:
    """Return as few parts as the members fit into, in their order."""
    room = most_bytes - len(parts.before) - len(parts.after)
    packed: list[bytes] = []
    pending: list[bytes | memoryview] = []
    used = 0
    for member in parts.members:
        length = len(member) + len(parts.between)
        if length > room:
            return None
        if used + length > room:
            packed.append(_part(parts, pending))
            pending, used = [], 0
        pending.append(member)
        used += length
    if pending:
        packed.append(_part(parts, pending))
    return packed


def _part(parts: _Members, members: list[bytes | memoryview]) -> bytes:
    """Return some members as a message."""
    return parts.before + parts.between.join(members) + parts.after
