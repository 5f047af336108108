"""Identities of vehicles: one spelling for every way in which senders write the same vehicle.

Rules, the same for positions and detections, so that both know one plate by one identity:

- blanks around the text do not count, and a text of blanks is no identity;
- `COUNTRY:PLATE`, with one to three ASCII letters before the colon and only letters, digits, hyphens, spaces
  and dots after it, is a plate: `plate:NL:VB123K`, in upper case without hyphens, spaces and dots; a plate in
  which nothing is left is no identity; letters beyond ASCII are composed first (NFC);
- any other text is an opaque identifier: `id::` and the text as it is;
- an identity longer than `MAX_IDENTITY_BYTES` is refused, so that rows stay small.

A plate of up to `KEYED_CHARACTERS` plain letters and digits also has a *key*: one number by which registers of
vehicles know it. It is 0 for everything else.

`identity_of` and `plate_key_of` state the rules for any text; `write_identity` is the kernel for plain ASCII, and
they agree. `home_identity_of` and `write_home_identity` read a plate without a country as one of `HOME_COUNTRY`.
"""

import re
import unicodedata
from typing import Final

import numpy as np

from processors.columns import BoolArray, Int64Array, UInt8Array
from processors.jit import inner_kernel, lean_kernel, put_word, word_at
from processors.plate_words import CHARACTERS, WORD_BYTES, short_plate
from processors.vocabulary import Outcome

MAX_IDENTITY_BYTES: Final = 128
HOME_COUNTRY: Final = "NL"
KEYED_CHARACTERS: Final = 9  # of a plate; with three letters of a country they fit 63 bits

_PLATE_PREFIX: Final = b"plate:"
_PREFIX_BYTES: Final = len(_PLATE_PREFIX)
IDENTITY_ROOM: Final = _PREFIX_BYTES + len("ABC:") + WORD_BYTES
"""Bytes that must be free after those of its text where an identity is written."""

_PREFIX_WORD: Final = np.uint64(int.from_bytes(_PLATE_PREFIX, "little"))
_OPAQUE_PREFIX: Final = b"id::"
_COUNTRY: Final = re.compile(r"([A-Za-z]{1,3}):(.+)", re.DOTALL)
_SEPARATORS: Final = str.maketrans("", "", "- .")

_NO_IDENTITY: Final = -int(Outcome.BAD_VEHICLE)
_TOO_LONG: Final = -int(Outcome.TOO_LONG)
_SPACE: Final = ord(" ")
_COLON: Final = ord(":")
_CASE: Final = ord("a") - ord("A")
_LOWER_A: Final = ord("a")
_LOWER_Z: Final = ord("z")
_BEFORE_A: Final = ord("A") - 11  # what to take from a capital for its digit in a number
_HOME: Final = f"{HOME_COUNTRY}:".encode()
_HOME_TEXT: Final = np.frombuffer(_HOME, np.uint8)
_NO_PLATE: Final = 0
_KEYED_PLATE: Final = re.compile(rb"plate:([A-Z]{1,3}):([0-9A-Z]{1,9})")
_DIGITS: Final = {byte: digit for digit, byte in enumerate(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1)}
_COUNTRY_WEIGHT: Final = CHARACTERS**KEYED_CHARACTERS
_NO_DIGIT: Final = 255
_CAPITALS: Final = np.frombuffer(bytes(range(256)).upper(), np.uint8)  # of ASCII letters
_PLATE_DIGITS: Final = np.array(
    [
        0 if byte in b"- ." else _DIGITS.get(capital, _NO_DIGIT)
        for byte, capital in enumerate(_CAPITALS.tolist())
    ],
    np.uint8,
)
"""The digit in a key of each byte of a plate: 0 where it does not count, `_NO_DIGIT` where it makes it no plate."""


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


def home_identity_of(plate: str) -> bytes | Outcome:
    """Return what `identity_of` says of a plate that is one of `HOME_COUNTRY` where it names no country."""
    text = plate.strip()
    return identity_of(text if not text or _COUNTRY.fullmatch(text) else f"{HOME_COUNTRY}:{text}")


def plate_key_of(identity: bytes) -> int:
    """Return the key of the plate that an identity is, or 0: its country, then its characters, as digits."""
    found = _KEYED_PLATE.fullmatch(identity)
    if found is None:
        return 0
    country, plate = _digits(found[1]), _digits(found[2])
    return country * _COUNTRY_WEIGHT + plate


def are_home_plates(keys: Int64Array) -> BoolArray:
    """Tell which keys of plates are of `HOME_COUNTRY`."""
    return keys // _COUNTRY_WEIGHT == _digits(HOME_COUNTRY.encode())


def _digits(text: bytes) -> int:
    """Return letters and digits as a number of base `CHARACTERS`; nothing is its digit 0."""
    number = 0
    for byte in text:
        number = number * CHARACTERS + _DIGITS[byte]
    return number


@inner_kernel
def write_identity(text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int) -> tuple[int, int]:
    """Write the identity of the plain ASCII text in `[start, end)` to *identity* from place *at*.

    *identity* must have room for the text and `IDENTITY_ROOM` bytes more.

    Returns:
        Its length in bytes, or the negated code of an outcome; and the key of the plate.
    """
    start, end = _stripped(text, start, end)
    if start == end:
        return _NO_IDENTITY, _NO_PLATE
    colon = _country_end(text, start, end)
    if colon >= 0:
        length, country = _write_country(text, start, colon, identity, at)
        length, plate = _write_plate(text, colon + 1, end, identity, at, length, country)
        if length != -1:
            return _checked(length), plate
    return _checked(_write_opaque(text, start, end, identity, at, 0)), _NO_PLATE


@lean_kernel
def write_home_identity(
    text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int
) -> tuple[int, int]:
    """Write what `home_identity_of` says of the plain ASCII text in `[start, end)`, as `write_identity` does."""
    start, end = _stripped(text, start, end)
    if start == end or _country_end(text, start, end) >= 0:
        return write_identity(text, start, end, identity, at)
    length, country = _write_country(_HOME_TEXT, 0, len(HOME_COUNTRY), identity, at)
    length, plate = _write_plate(text, start, end, identity, at, length, country)
    if length != -1:
        return _checked(length), plate
    return _checked(_write_opaque(text, start, end, identity, at, len(_HOME))), _NO_PLATE


@lean_kernel
def write_plate_identity(
    text: UInt8Array,
    country_start: int,
    country_end: int,
    start: int,
    end: int,
    identity: UInt8Array,
    at: int,
) -> tuple[int, int]:
    """Write the identity of a plate that stands apart from its country, both plain ASCII, as `write_identity` does.

    Without a country or a plate there is none.

    Returns:
        As `write_identity`; the length is 0 for what is no plate and would be an opaque identifier.
    """
    country_start, country_end = _stripped(text, country_start, country_end)
    start, end = _stripped(text, start, end)
    if country_start == country_end or start == end:
        return _NO_IDENTITY, _NO_PLATE
    if not _is_country(text, country_start, country_end):
        return 0, _NO_PLATE
    length, country = _write_country(text, country_start, country_end, identity, at)
    length, plate = _write_plate(text, start, end, identity, at, length, country)
    return (_checked(length) if length != -1 else 0), plate


@lean_kernel
def _is_country(text: UInt8Array, start: int, end: int) -> bool:
    """Tell whether a text is one to three letters."""
    for place in range(start, end):
        if not _is_letter(int(text[place])):
            return False
    return 0 < end - start <= 3


@inner_kernel
def _stripped(text: UInt8Array, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of a text without the spaces around it."""
    while start < end and text[start] == _SPACE:
        start += 1
    while end > start and text[end - 1] == _SPACE:
        end -= 1
    return start, end


@inner_kernel
def _checked(length: int) -> int:
    return length if length <= MAX_IDENTITY_BYTES else _TOO_LONG


@inner_kernel
def _country_end(text: UInt8Array, start: int, end: int) -> int:
    """Return the place of the colon after one to three letters, or -1; something must follow the colon."""
    for place in range(start, min(start + 4, end - 1)):
        if text[place] == _COLON:
            return place if place > start else -1
        if not _is_letter(int(text[place])):
            return -1
    return -1


@inner_kernel
def _write_country(text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int) -> tuple[int, int]:
    """Write what a plate begins with; return its length, and the number that its letters are."""
    put_word(identity, at, _PREFIX_WORD)
    length = _PREFIX_BYTES
    country = 0
    for place in range(start, end):
        capital = int(text[place]) & ~_CASE
        identity[at + length] = capital
        country = country * CHARACTERS + capital - _BEFORE_A
        length += 1
    identity[at + length] = _COLON
    return length + 1, country


@inner_kernel
def _write_plate(
    text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int, length: int, country: int
) -> tuple[int, int]:
    """Write the characters of a plate in `[start, end)` after the *length* bytes that it begins with.

    Returns:
        Its whole length, the negated outcome when nothing is left, or -1 for no plate; and its key.
    """
    if end - start <= WORD_BYTES and start + WORD_BYTES <= text.size:
        characters, count, number = short_plate(word_at(text, start), end - start)
        if count > 0:
            put_word(identity, at + length, characters)
            return length + count, country * _COUNTRY_WEIGHT + number
    return _write_any_plate(text, start, end, identity, at, length, country)


@lean_kernel
def _write_any_plate(
    text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int, length: int, country: int
) -> tuple[int, int]:
    """Do what `_write_plate` does, byte by byte."""
    empty_length = length
    number = 0
    for place in range(start, end):
        byte = text[place]
        digit = int(_PLATE_DIGITS[byte])
        if digit == _NO_DIGIT:
            return -1, _NO_PLATE
        # what is no part of the plate is overwritten by what follows
        identity[at + length] = _CAPITALS[byte]
        if digit:
            length += 1
            if length - empty_length <= KEYED_CHARACTERS:
                number = number * CHARACTERS + digit
    if length == empty_length:
        return _NO_IDENTITY, _NO_PLATE
    if length - empty_length > KEYED_CHARACTERS:
        return length, _NO_PLATE
    return length, country * _COUNTRY_WEIGHT + number


@lean_kernel
def _write_opaque(
    text: UInt8Array, start: int, end: int, identity: UInt8Array, at: int, home_bytes: int
) -> int:
    """Write an opaque identifier, after the first bytes of the home country, and return its length."""
    length = len(_OPAQUE_PREFIX)
    for place in range(length):
        identity[at + place] = _OPAQUE_PREFIX[place]
    for place in range(home_bytes):
        identity[at + length + place] = _HOME_TEXT[place]
    at += length + home_bytes
    for place in range(start, end):
        identity[at + place - start] = text[place]
    return length + home_bytes + end - start


@inner_kernel
def _is_letter(byte: int) -> bool:
    return _LOWER_A <= (byte | _CASE) <= _LOWER_Z
