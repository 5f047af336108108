"""Identities of vehicles: one spelling for every way in which senders write the same vehicle.

Rules, the same for positions and detections, so that both know one plate by one identity:

- blanks around the text do not count, and a text of blanks is no identity;
- `COUNTRY:PLATE`, with one to three ASCII letters before the colon and only letters, digits, hyphens, spaces
  and dots after it, is a plate: `plate:NL:VB123K`, in upper case without hyphens, spaces and dots; a plate in
  which nothing is left is no identity; letters beyond ASCII are composed first (NFC);
- any other text is an opaque identifier: `id::` and the text as it is;
- an identity longer than `MAX_IDENTITY_BYTES` is refused, so that rows stay small.

`identity_of` states the rules for any text; `write_identity` is the kernel for plain ASCII, and they agree.
"""

import re
import unicodedata
from typing import Final

from processors.columns import UInt8Array
from processors.jit import lean_kernel
from processors.vocabulary import Outcome

MAX_IDENTITY_BYTES: Final = 128

_PLATE_PREFIX: Final = b"plate:"
_OPAQUE_PREFIX: Final = b"id::"
_COUNTRY: Final = re.compile(r"([A-Za-z]{1,3}):(.+)", re.DOTALL)
_SEPARATORS: Final = str.maketrans("", "", "- .")

_NO_IDENTITY: Final = -int(Outcome.BAD_VEHICLE)
_TOO_LONG: Final = -int(Outcome.TOO_LONG)
_SPACE: Final = ord(" ")
_COLON: Final = ord(":")
_HYPHEN: Final = ord("-")
_DOT: Final = ord(".")
_CASE: Final = ord("a") - ord("A")


def identity_of(vehicle: str) -> bytes | Outcome:
    """Return the normalised identity of *vehicle*, or the reason why it has none."""
    text = vehicle.strip()
    if not text:
        return Outcome.BAD_VEHICLE
    try:
        identity = _plate_of(text)
        if identity is None:
            identity = _OPAQUE_PREFIX + text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, from an escape
        return Outcome.BAD_VEHICLE
    if identity == b"":
        return Outcome.BAD_VEHICLE
    return identity if len(identity) <= MAX_IDENTITY_BYTES else Outcome.TOO_LONG


def _plate_of(text: str) -> bytes | None:
    """Return the identity of a plate, nothing when no plate is left, or None when *text* is no plate."""
    found = _COUNTRY.fullmatch(text)
    if found is None:
        return None
    plate = unicodedata.normalize("NFC", found[2]).translate(_SEPARATORS).upper()
    if plate == "":
        return b""
    if not plate.isalnum():
        return None
    return _PLATE_PREFIX + found[1].upper().encode() + b":" + plate.encode()


@lean_kernel
def write_identity(text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int) -> int:
    """Write the identity of the plain ASCII text in `[start, end)` to *identity* from place *at*.

    *identity* must have room for the text and six bytes more.

    Returns:
        Its length in bytes, or the negated code of an outcome.
    """
    while start < end and text[start] == _SPACE:
        start += 1
    while end > start and text[end - 1] == _SPACE:
        end -= 1
    if start == end:
        return _NO_IDENTITY
    colon = _country_end(text, start, end)
    length = _write_plate(text, start, colon, end, identity, at) if colon >= 0 else -1
    if length == -1:
        length = _write_opaque(text, start, end, identity, at)
    return length if length <= MAX_IDENTITY_BYTES else _TOO_LONG


@lean_kernel
def _country_end(text: UInt8Array, start: int, end: int) -> int:
    """Return the place of the colon after one to three letters, or -1; something must follow the colon."""
    for place in range(start, min(start + 4, end - 1)):
        if text[place] == _COLON:
            return place if place > start else -1
        if not _is_letter(int(text[place])):
            return -1
    return -1


@lean_kernel
def _write_plate(text: UInt8Array, start: int, colon: int, end: int, identity: UInt8Array, at: int) -> int:
    """Write a plate and return its length, the negated outcome when nothing is left, or -1 for no plate."""
    length = len(_PLATE_PREFIX)
    for place in range(start, colon):
        identity[at + length] = _upper(int(text[place]))
        length += 1
    identity[at + length] = _COLON
    length += 1
    empty_length = length
    for place in range(colon + 1, end):
        byte = int(text[place])
        if _is_letter(byte) or ord("0") <= byte <= ord("9"):
            identity[at + length] = _upper(byte)
            length += 1
        elif byte not in (_HYPHEN, _SPACE, _DOT):
            return -1
    for place in range(len(_PLATE_PREFIX)):
        identity[at + place] = _PLATE_PREFIX[place]
    return length if length > empty_length else _NO_IDENTITY


@lean_kernel
def _write_opaque(text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int) -> int:
    """Write an opaque identifier and return its length."""
    for place in range(len(_OPAQUE_PREFIX)):
        identity[at + place] = _OPAQUE_PREFIX[place]
    at += len(_OPAQUE_PREFIX)
    for place in range(start, end):
        identity[at + place - start] = text[place]
    return len(_OPAQUE_PREFIX) + end - start


@lean_kernel
def _is_letter(byte: int) -> bool:
    return ord("a") <= (byte | _CASE) <= ord("z")


@lean_kernel
def _upper(byte: int) -> int:
    """Return the upper case of an ASCII letter or digit."""
    return byte - _CASE if byte >= ord("a") else byte
