"""Uploads as records that topics take: what is too large is divided between the members of its envelope or array.

Intake accepts more than strict JSON: NaN, which it rejects row by row, and halves of surrogate pairs. So where a strict
reader finds no members, brackets and texts alone tell where they stand, and intake judges each.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

from streams.member_spans import NoMembersError, members_of_array, values_of_object

MOST_SIGNS: Final = 3_000_000  # bounds the memory of members; 50 MB of observations have half as many

_BOUNDED: Final = (b",", b"[", b"{")
_MARK: Final = codecs.BOM_UTF8
_BLANKS: Final = b" \t\r\n"
_OPEN_ARRAY: Final = b"["
_UNREADABLE: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


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

    What is small enough is not looked at: intake says what it is. There is at least one part, so that what holds no
    members is told of by intake as well.
    """
    if len(value) <= most_bytes:
        return [value]
    text = value.removeprefix(_MARK).strip(_BLANKS)
    if len(text) <= most_bytes:
        return [text]
    if any(text.count(sign) > MOST_SIGNS for sign in _BOUNDED):
        return None
    try:
        return _packed(_members(text), most_bytes)
    except NoMembersError:
        return None


def _members(value: bytes) -> _Members:
    """Return the members of an upload.

    Raises:
        NoMembersError: it is nothing that can be divided, which may be told of its members only.
    """
    if value.startswith(_OPEN_ARRAY):
        return _Members(b"[", b",", b"]", _members_of_array(value))
    try:
        envelope = msgspec.json.decode(value, type=_Envelope)
    except _UNREADABLE:
        if _is_lines(value):
            return _Members(b"", b"\n", b"", _lines(value))
        return _members_of_odd_envelope(value)
    kind, version = (msgspec.json.encode(text) for text in (envelope.message_type, envelope.schema_version))
    return _of_payload(kind, version, (memoryview(member) for member in envelope.payload))


def _members_of_array(value: bytes) -> Iterable[bytes | memoryview]:
    """Return the members of an array."""
    try:
        rows = msgspec.json.decode(value, type=list[msgspec.Raw])
    except _UNREADABLE:
        return members_of_array(value)
    return (memoryview(row) for row in rows)


def _members_of_odd_envelope(value: bytes) -> _Members:
    """Return the members of the payload of an envelope that is not strict JSON."""
    fields = values_of_object(value)
    kind, version, payload = (fields.get(name) for name in ("message_type", "schema_version", "payload"))
    if kind is None or version is None or payload is None:
        raise NoMembersError
    return _of_payload(bytes(kind), bytes(version), members_of_array(payload))


def _of_payload(kind: bytes, version: bytes, members: Iterable[bytes | memoryview]) -> _Members:
    """Return the members of an envelope whose type and version are written so."""
    before = b'{"message_type":%b,"schema_version":%b,"payload":[' % (kind, version)
    return _Members(before, b",", b"]}", members)


def _is_lines(value: bytes) -> bool:
    """Tell whether a line is a message; one message over several lines, or CSV with its header, is not divided."""
    return not _is_object(value) and any(map(_is_object, _lines(value)))


def _is_object(text: bytes) -> bool:
    """Tell whether a text is one object."""
    try:
        values_of_object(text)
    except NoMembersError:
        return False
    return True


def _lines(value: bytes) -> Iterator[bytes]:
    """Yield the lines that are not empty."""
    start = 0
    while start < len(value):
        end = value.find(b"\n", start)
        end = len(value) if end < 0 else end
        if line := value[start:end].strip(_BLANKS):
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
    if pending or not packed:
        packed.append(_part(parts, pending))
    return packed if len(packed[-1]) <= most_bytes else None


def _part(parts: _Members, members: list[bytes | memoryview]) -> bytes:
    """Return some members as a message."""
    return parts.before + parts.between.join(members) + parts.after
