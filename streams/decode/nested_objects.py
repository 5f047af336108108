"""Kernels that read an object with objects inside it into the scratch of `streams.decode.nested_fields`.

As in `streams.decode.objects`, the key at each place of an object is expected to be that of the object before. What
the tree does not hold is skipped, its JSON checked like all else. A known key that comes again in one object is not
understood where objects are concerned: the slow reader forgets all that the first one said.
"""

from typing import Final

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel
from streams.decode.fields import ABSENT, END, HARD, KIND, NOWHERE, START
from streams.decode.lexer import (
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    COMMA,
    MINUS,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    OPEN_BRACKET,
    QUOTE,
    ZERO,
    scan_literal,
    scan_number,
    scan_string,
    skip_blanks,
)
from streams.decode.nested_fields import (
    EXPECTED_KEYS,
    KEY_BYTES,
    KEY_TABLE,
    NESTED,
    NODES,
    OBJECT,
    OBJECTS,
    ODD_KEY,
    OTHER,
    NestedScratch,
)
from streams.decode.objects import scan_scalar

MAX_SKIPPED_DEPTH: Final = 32  # deeper nesting is for the slow reader

"""Start of a field that an object has not, lest a template takes another value for it."""

_WORD_BYTES: Final = 8
_NOTHING: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(2**64 - 1)
_LENGTH: Final = 6
_CHILD: Final = 7


@lean_kernel
def scan_nested(buffer: UInt8Array, words: UInt64Array, start: int, root: int, scratch: NestedScratch) -> int:
    """Read the object at *start*, all on one line, by the keys of *root*, and return the place after it."""
    fields, expected, open_objects = scratch
    if buffer[start] != OPEN_BRACE:
        return NOT_UNDERSTOOD
    for node in range(NODES):
        fields[node, KIND] = ABSENT
        fields[node, START] = NOWHERE
    fields[ODD_KEY, KIND] = ABSENT
    node = root
    depth = 0
    ordinal = 0
    place = skip_blanks(buffer, start + 1)
    while True:
        if buffer[place] != QUOTE:
            return NOT_UNDERSTOOD
        key = expected[node, ordinal % EXPECTED_KEYS]
        ordinal += 1
        place += 1
        if _is_expected(words, place, key):
            # no byte of the key decides how far to go, so the processor reads on before it has compared
            child = _signed(key[_CHILD])
            place += _signed(key[_LENGTH])
        else:
            place, child = _scan_key(buffer, words, place, node, fields, key)
            if place == NOT_UNDERSTOOD:
                return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place + 1)
        if buffer[place] != COLON:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place + 1)
        byte = buffer[place]
        if child < OBJECTS and fields[child, KIND] != ABSENT:
            return NOT_UNDERSTOOD
        if byte == OPEN_BRACE and child < OBJECTS:
            fields[child, KIND] = OBJECT
            place = skip_blanks(buffer, place + 1)
            if buffer[place] != CLOSE_BRACE:
                open_objects[depth, 0] = node
                open_objects[depth, 1] = ordinal
                depth += 1
                node = child
                ordinal = 0
                continue
            place += 1
        elif byte in (OPEN_BRACE, OPEN_BRACKET):
            fields[child, KIND] = NESTED
            fields[child, START] = place
            place = _skip_nested(buffer, words, place)
            fields[child, END] = place
        else:
            place = scan_scalar(buffer, words, place, fields, child)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place)
        while buffer[place] == CLOSE_BRACE:
            if depth == 0:
                return place + 1
            depth -= 1
            node = open_objects[depth, 0]
            ordinal = open_objects[depth, 1]
            place = skip_blanks(buffer, place + 1)
        if buffer[place] != COMMA:
            return NOT_UNDERSTOOD
        place = skip_blanks(buffer, place + 1)


@lean_kernel
def _signed(number: np.uint64) -> int:
    # not int(): it would stay unsigned when compiled
    return np.int64(number)  # type: ignore[return-value]


@lean_kernel
def _is_expected(words: UInt64Array, place: int, key: UInt64Array) -> bool:
    """Tell whether the expected key and its closing quote stand at *place*."""
    return (
        words[place] & key[1] == key[0]
        and words[place + _WORD_BYTES] & key[3] == key[2]
        and words[place + 2 * _WORD_BYTES] & key[5] == key[4]
    )


@lean_kernel
def _scan_key(
    buffer: UInt8Array, words: UInt64Array, start: int, parent: int, fields: Int64Array, key: UInt64Array
) -> tuple[int, int]:
    """Read the key whose content starts at *start*, to be expected there in the next object.

    Returns:
        The place of its closing quote, and its node.
    """
    end, plain = scan_string(buffer, words, start)
    length = end - start
    if not plain:
        fields[ODD_KEY, KIND] = HARD
        return end, OTHER
    if end == NOT_UNDERSTOOD or length >= KEY_BYTES:
        return end, OTHER
    for word in range(3):
        mask = _mask_of(length + 1 - word * _WORD_BYTES)
        key[2 * word + 1] = mask
        key[2 * word] = words[start + word * _WORD_BYTES] & mask
    key[_LENGTH] = length
    child = child_of(words, start, length, parent)
    key[_CHILD] = child
    return end, child


@lean_kernel
def child_of(words: UInt64Array, start: int, length: int, parent: int) -> int:
    """Return the node of a key, without its quote."""
    first = words[start] & _mask_of(length)
    second = words[start + _WORD_BYTES] & _mask_of(length - _WORD_BYTES)
    third = words[start + 2 * _WORD_BYTES] & _mask_of(length - 2 * _WORD_BYTES)
    for row in range(KEY_TABLE.shape[0]):
        if (
            KEY_TABLE[row, 0] == parent
            and KEY_TABLE[row, 2] == first
            and KEY_TABLE[row, 3] == second
            and KEY_TABLE[row, 4] == third
        ):
            return _signed(KEY_TABLE[row, 1])
    return OTHER


@lean_kernel
def _mask_of(length: int) -> np.uint64:
    """Return a mask of the first *length* bytes of a word, all of them from eight on."""
    if length <= 0:
        return _NOTHING
    return _ALL >> np.uint64(64 - 8 * min(length, _WORD_BYTES))


@lean_kernel
def skip_value(buffer: UInt8Array, words: UInt64Array, place: int) -> int:
    """Return the place after the value at *place*, all of it checked."""
    if buffer[place] in (OPEN_BRACE, OPEN_BRACKET):
        return _skip_nested(buffer, words, place)
    return _skip_scalar(buffer, words, place)


@lean_kernel
def _skip_nested(buffer: UInt8Array, words: UInt64Array, place: int) -> int:
    """Return the place after the array or object at *place*, all of it checked."""
    kinds = _NOTHING  # one bit for each that is open, 1 for an object, the innermost lowest
    depth = 0
    while True:
        byte = buffer[place]
        if byte in (OPEN_BRACE, OPEN_BRACKET):
            if depth == MAX_SKIPPED_DEPTH:
                return NOT_UNDERSTOOD
            is_object = byte == OPEN_BRACE
            kinds = (kinds << _ONE) | np.uint64(is_object)
            depth += 1
            place = skip_blanks(buffer, place + 1)
            if buffer[place] != (CLOSE_BRACE if is_object else CLOSE_BRACKET):
                if is_object:
                    place = _skip_key(buffer, words, place)
                    if place == NOT_UNDERSTOOD:
                        return NOT_UNDERSTOOD
                continue
        else:
            place = _skip_scalar(buffer, words, place)
            if place == NOT_UNDERSTOOD:
                return NOT_UNDERSTOOD
            place = skip_blanks(buffer, place)
        while True:
            is_object = kinds & _ONE == _ONE
            byte = buffer[place]
            if byte == COMMA:
                place = skip_blanks(buffer, place + 1)
                if is_object:
                    place = _skip_key(buffer, words, place)
                    if place == NOT_UNDERSTOOD:
                        return NOT_UNDERSTOOD
                break
            if byte != (CLOSE_BRACE if is_object else CLOSE_BRACKET):
                return NOT_UNDERSTOOD
            place += 1
            depth -= 1
            if depth == 0:
                return place
            kinds >>= _ONE
            place = skip_blanks(buffer, place)


@lean_kernel
def _skip_key(buffer: UInt8Array, words: UInt64Array, place: int) -> int:
    """Return the place of the value after the key at *place*."""
    if buffer[place] != QUOTE:
        return NOT_UNDERSTOOD
    end, _ = scan_string(buffer, words, place + 1)
    if end == NOT_UNDERSTOOD:
        return NOT_UNDERSTOOD
    place = skip_blanks(buffer, end + 1)
    return skip_blanks(buffer, place + 1) if buffer[place] == COLON else NOT_UNDERSTOOD


@lean_kernel
def _skip_scalar(buffer: UInt8Array, words: UInt64Array, place: int) -> int:
    """Return the place after the text, number or literal at *place*."""
    byte = buffer[place]
    if byte == QUOTE:
        end, _ = scan_string(buffer, words, place + 1)
        return end + 1 if end != NOT_UNDERSTOOD else NOT_UNDERSTOOD
    if byte == MINUS or ZERO <= byte <= ZERO + 9:
        end, _, _, _, _ = scan_number(buffer, words, place)
        return end
    return scan_literal(buffer, place)
