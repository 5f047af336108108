"""Where the members of an array or object stand in JSON that need not be strict: by its brackets, texts and commas.

Nothing is made of what stands in them, so that an upload of any content takes no memory and no depth of calls. Values
are not checked, nor whether brackets fit each other: who reads a member tells what is wrong with it.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

MAX_DEPTH: Final = 64  # of records, so that nothing deeper has a use

_TOKENS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)
_KEY: Final = re.compile(rb'[ \t\r\n]*+("(?:[^"\\]++|\\.)*+")[ \t\r\n]*+:', re.DOTALL)
_BLANKS: Final = re.compile(rb"[ \t\r\n]*+")
_QUOTE, _COMMA = b'",'
_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = {b"["[0]: b"]"[0], b"{"[0]: b"}"[0]}


class NoMembersError(Exception):
    """A text is no array, or no object; some of its members may have been given already."""


def members_of_array(text: bytes | memoryview) -> Iterator[memoryview]:
    """Yield the members of an array.

    Raises:
        NoMembersError: it is none, or one that nests too deeply.
    """
    return _pieces(text, b"["[0])


def values_of_object(text: bytes | memoryview) -> dict[str, memoryview]:
    """Return the values of an object by their keys; of equal keys the last counts.

    Raises:
        NoMembersError: it is none, or one that nests too deeply.
    """
    values = {}
    for piece in _pieces(text, b"{"[0]):
        key = _KEY.match(piece)
        if key is None:
            raise NoMembersError
        try:
            values[msgspec.json.decode(key[1], type=str)] = piece[key.end() :]
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # half of a surrogate pair, or no UTF-8, names no field that anybody knows
    return values


def _pieces(text: bytes | memoryview, opening: int) -> Iterator[memoryview]:
    """Yield what stands between the commas of the array or object that a text is."""
    view = memoryview(text)
    place = _end_of_blanks(text, 0)
    if place == len(text) or view[place] != opening:
        raise NoMembersError
    depth = 0
    start = place + 1
    is_first = True
    for token in _TOKENS.finditer(text, place):
        sign = view[token.start()]
        if sign == _QUOTE:
            continue
        if sign in _OPENING:
            depth += 1
            if depth > MAX_DEPTH:
                raise NoMembersError
            continue
        depth -= sign != _COMMA
        if depth > 1 or (depth == 1 and sign != _COMMA):
            continue
        end = token.start()
        is_blank = _end_of_blanks(text, start) == end
        is_last = depth == 0
        # nothing may stand in an array alone, and not between commas
        if is_blank and not (is_first and is_last):
            raise NoMembersError
        if not is_blank:
            yield view[start:end]
        start, is_first = token.end(), False
        if is_last:
            if sign != _CLOSING[opening] or _end_of_blanks(text, start) != len(text):
                raise NoMembersError
            return
    raise NoMembersError


def _end_of_blanks(text: bytes | memoryview, place: int) -> int:
    """Return the first place from *place* on where no blank stands."""
    found = _BLANKS.match(text, place)
    return place if found is None else found.end()
