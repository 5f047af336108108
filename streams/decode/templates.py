"""Reading an object by what the one before it looked like.

Messages of one sender differ in their values and in nothing else. So once an object was read with care, its *template*
is kept: the bytes between its values, from the opening brace on, and the node of each value. An object whose bytes
between the values are the same is the same tree, as valid as the one before, and only its values are read. Several
templates are kept, since several senders share a topic; the one that fitted last is tried first, and the oldest makes
room.

Flat objects and trees are read alike. Of either, the scratch array has one row for each node, then one for all other
values, and one that tells of odd keys.

Where more senders come by turns than there are templates, trying and keeping them costs more than care. So once many
objects fitted none, the next ones are read with care alone.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel
from streams.decode.fields import END, KIND, START
from streams.decode.lexer import (
    CLOSE_BRACE,
    CLOSE_BRACKET,
    COLON,
    COMMA,
    NOT_UNDERSTOOD,
    OPEN_BRACE,
    OPEN_BRACKET,
    QUOTE,
    scan_string,
    skip_blanks,
)
from streams.decode.nested_fields import ACTORS, NESTED, NESTED_SHAPE, OBJECT, NestedScratch
from streams.decode.nested_objects import scan_nested
from streams.decode.objects import scan_object, scan_scalar

TEMPLATES: Final = 8
MOST_VALUES: Final = 64
MOST_WORDS: Final = 256  # of eight bytes, between all values
MOST_MISSES: Final = 32  # more objects that fit no template than objects that fit one
REST: Final = 1_000  # objects that are read with care alone then

_WORD_BYTES: Final = 8
_ALL: Final = np.uint64(2**64 - 1)
_NOTHING: Final = np.uint64(0)
_END: Final = NESTED_SHAPE[0]  # node of what follows the last value: the end of the object

# columns of `steps`, a cache line each
_WORD: Final = 0  # first eight bytes before the value
_MASK: Final = 1  # which of them count
_NEXT_WORD: Final = 2  # the next eight
_NEXT_MASK: Final = 3
_MORE: Final = 4  # words after these
_FIRST: Final = 5  # place of the first of them in `words`
_BYTES: Final = 6  # bytes before the value
_NODE: Final = 7

# places in `state`
_LAST: Final = 0  # template that fitted last
_OLDEST: Final = 1  # template that makes room
_MISSES: Final = 2
RESTING: Final = 3  # objects left to be read with care alone


class Templates(NamedTuple):
    """Templates, and the order in which they are tried."""

    steps: UInt64Array  # shape (TEMPLATES, MOST_VALUES, 8): what stands before each value, and its node
    words: UInt64Array  # shape (TEMPLATES, MOST_WORDS, 2): more bytes before values, and which of them count
    begins: Int64Array  # shape (MOST_VALUES,): where the bytes before each value began in the last object
    kinds: Int64Array  # shape (TEMPLATES, rows of fields): what the object had at each node
    actors: Int64Array  # shape (TEMPLATES, 4): where they begin and end, each a step and the bytes from its start on
    used: Int64Array  # shape (TEMPLATES,): number of steps, 0 where a template is free
    state: Int64Array  # shape (4,)


def new_templates() -> Templates:
    """Return room for templates, none known yet."""
    return Templates(
        np.zeros((TEMPLATES, MOST_VALUES, 8), np.uint64),
        np.zeros((TEMPLATES, MOST_WORDS, 2), np.uint64),
        np.zeros(MOST_VALUES, np.int64),
        np.zeros((TEMPLATES, NESTED_SHAPE[0]), np.int64),
        np.zeros((TEMPLATES, 4), np.int64),
        np.zeros(TEMPLATES, np.int64),
        np.zeros(4, np.int64),
    )


@inner_kernel
def scan_flat_alike(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, templates: Templates
) -> int:
    """Read the object at *start* as `scan_object` does, by a template where one fits, else keeping one."""
    after = _scan_by_last(buffer, words, start, fields, templates)
    return after if after != NOT_UNDERSTOOD else _scan_other_flat(buffer, words, start, fields, templates)


@lean_kernel
def _scan_other_flat(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, templates: Templates
) -> int:
    """Read a flat object that the last template does not fit."""
    after = _scan_by_others(buffer, words, start, fields, templates)
    if after == NOT_UNDERSTOOD:
        after = scan_object(buffer, words, start, fields)
        if after != NOT_UNDERSTOOD:
            _keep_template(buffer, words, start, after, fields, templates)
    return after


@inner_kernel
def scan_alike(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    root: int,
    scratch: NestedScratch,
    templates: Templates,
) -> int:
    """Read the object at *start* as `scan_nested` does, by a template where one fits, else keeping one."""
    after = _scan_by_last(buffer, words, start, scratch.fields, templates)
    return after if after != NOT_UNDERSTOOD else _scan_other(buffer, words, start, root, scratch, templates)


@lean_kernel
def _scan_other(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    root: int,
    scratch: NestedScratch,
    templates: Templates,
) -> int:
    """Read a tree that the last template does not fit."""
    after = _scan_by_others(buffer, words, start, scratch.fields, templates)
    if after == NOT_UNDERSTOOD:
        after = scan_nested(buffer, words, start, root, scratch)
        if after != NOT_UNDERSTOOD:
            _keep_template(buffer, words, start, after, scratch.fields, templates)
    return after


@inner_kernel
def _scan_by_last(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, templates: Templates
) -> int:
    """Read the object at *start* by the template that fitted last."""
    if templates.state[RESTING] > 0:
        return NOT_UNDERSTOOD
    return _scan_by(buffer, words, start, fields, templates, templates.state[_LAST])


@lean_kernel
def _scan_by_others(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, templates: Templates
) -> int:
    """Read the object at *start* by any template but the one that fitted last."""
    state = templates.state
    if state[RESTING] > 0:
        return NOT_UNDERSTOOD
    last = state[_LAST]
    for template in range(TEMPLATES):
        if template != last:
            after = _scan_by(buffer, words, start, fields, templates, template)
            if after != NOT_UNDERSTOOD:
                state[_LAST] = template
                return after
    return NOT_UNDERSTOOD


@inner_kernel
def _scan_by(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    fields: Int64Array,
    templates: Templates,
    template: int,
) -> int:
    """Read the object at *start* by one template.

    No template has a NUL, so a comparison ends with the record.
    """
    if templates.used[template] == 0:
        return NOT_UNDERSTOOD
    for node in range(fields.shape[0]):
        fields[node, KIND] = templates.kinds[template, node]
    place = start
    steps = templates.steps[template]
    for number in range(templates.used[template]):
        step = steps[number]
        templates.begins[number] = place
        if (
            words[place] & step[_MASK] != step[_WORD]
            or words[place + _WORD_BYTES] & step[_NEXT_MASK] != step[_NEXT_WORD]
        ):
            return NOT_UNDERSTOOD
        if step[_MORE] != _NOTHING and not _is_alike(
            words, place + 2 * _WORD_BYTES, templates, template, step
        ):
            return NOT_UNDERSTOOD
        place += np.int64(step[_BYTES])  # type: ignore[assignment] # not int(): it would stay unsigned
        node = np.int64(step[_NODE])  # type: ignore[assignment] # the same
        if node == _END:
            _place_actors(fields, templates, template)
            if templates.state[_MISSES] > 0:
                templates.state[_MISSES] -= 1
            return place
        place = scan_scalar(buffer, words, place, fields, node)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD
    return NOT_UNDERSTOOD


@inner_kernel
def _is_alike(words: UInt64Array, place: int, templates: Templates, template: int, step: UInt64Array) -> bool:
    """Tell whether the words of a step after its first two stand at *place*."""
    first = np.int64(step[_FIRST])
    for word in range(np.int64(step[_MORE])):
        known, mask = templates.words[template, first + word]
        if words[place + word * _WORD_BYTES] & mask != known:
            return False
    return True


@inner_kernel
def _place_actors(fields: Int64Array, templates: Templates, template: int) -> None:
    """Note where the actors of an object that was read by a template begin and end, if it has them."""
    if templates.kinds[template, ACTORS] == NESTED:
        first, before, last, behind = templates.actors[template]
        fields[ACTORS, START] = templates.begins[first] + before
        fields[ACTORS, END] = templates.begins[last] + behind


@lean_kernel
def _keep_template(
    buffer: UInt8Array, words: UInt64Array, start: int, end: int, fields: Int64Array, templates: Templates
) -> None:
    """Keep what the object in `[start, end)`, just read into *fields*, looks like, unless it is too large."""
    state = templates.state
    if state[RESTING] > 0:
        state[RESTING] -= 1
        return
    state[_MISSES] += 1
    if state[_MISSES] > MOST_MISSES:
        state[_MISSES] = 0
        state[RESTING] = REST
    template = state[_OLDEST]
    templates.used[template] = 0
    for node in range(fields.shape[0]):
        templates.kinds[template, node] = fields[node, KIND]
    has_actors = fields.shape[0] > ACTORS
    steps = 0
    at = 0
    gap_start = start
    place = start
    while True:
        place = _next_value(buffer, words, place, end)
        length = place - gap_start
        more = max(0, (length - 1) // _WORD_BYTES - 1)
        if steps == MOST_VALUES or at + more > MOST_WORDS:
            return
        step = templates.steps[template, steps]
        step[_MASK] = _mask_of(length)
        step[_NEXT_MASK] = _mask_of(length - _WORD_BYTES)
        step[_WORD] = words[gap_start] & step[_MASK]
        step[_NEXT_WORD] = words[gap_start + _WORD_BYTES] & step[_NEXT_MASK]
        step[_MORE] = more
        step[_FIRST] = at
        for word in range(more):
            begin = (word + 2) * _WORD_BYTES
            mask = _mask_of(length - begin)
            templates.words[template, at + word, 0] = words[gap_start + begin] & mask
            templates.words[template, at + word, 1] = mask
        at += more
        step[_BYTES] = length
        step[_NODE] = _node_at(buffer, place, fields) if place != end else _END
        if has_actors and gap_start <= fields[ACTORS, START] < place:
            templates.actors[template, 0] = steps
            templates.actors[template, 1] = fields[ACTORS, START] - gap_start
        if has_actors and gap_start < fields[ACTORS, END] <= place:
            templates.actors[template, 2] = steps
            templates.actors[template, 3] = fields[ACTORS, END] - gap_start
        steps += 1
        if place == end:
            break
        gap_start = place = scan_scalar(buffer, words, place, fields, _other(fields))
    templates.used[template] = steps
    state[_LAST] = template
    state[_OLDEST] = (template + 1) % TEMPLATES


@inner_kernel
def _mask_of(length: int) -> np.uint64:
    """Return a mask of the first *length* bytes of a word, of all where there are more."""
    if length <= 0:
        return _NOTHING
    return _ALL >> np.uint64(64 - 8 * min(length, _WORD_BYTES))


@lean_kernel
def _next_value(buffer: UInt8Array, words: UInt64Array, place: int, end: int) -> int:
    """Return the place of the next text, number or literal that is a value, or *end*."""
    while place < end:
        byte = buffer[place]
        if byte == QUOTE:
            quote, _ = scan_string(buffer, words, place + 1)
            if buffer[skip_blanks(buffer, quote + 1)] != COLON:
                return place
            place = skip_blanks(buffer, quote + 1) + 1
        elif byte in (OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA):
            place += 1
        else:
            blank_end = skip_blanks(buffer, place)
            if blank_end == place:
                return place
            place = blank_end
    return end


@lean_kernel
def _node_at(buffer: UInt8Array, place: int, fields: Int64Array) -> int:
    """Return the node whose value was read at *place*."""
    start = place + 1 if buffer[place] == QUOTE else place
    for node in range(_other(fields)):
        if fields[node, START] == start and fields[node, KIND] not in (OBJECT, NESTED):
            return node
    return _other(fields)


@inner_kernel
def _other(fields: Int64Array) -> int:
    """Return the row of all values that are at no node."""
    return fields.shape[0] - 2
