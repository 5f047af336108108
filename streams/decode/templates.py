"""Reading an object by what the one before it looked like.

Messages of one sender differ in their values and in nothing else. So once an object was read with care, its *template*
is kept: the bytes between its values, from the opening brace on, and the node of each value. An object whose bytes
between the values are the same is the same tree, as valid as the one before, and only its values are read. Several
templates are kept, since several senders share a topic; the one that fitted last is tried first, and the oldest makes
room.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array, UInt8Array, UInt64Array
from processors.jit import lean_kernel
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
from streams.decode.nested_fields import (
    ACTORS,
    NESTED,
    NESTED_SHAPE,
    NODES,
    OBJECT,
    OTHER,
    NestedScratch,
)
from streams.decode.nested_objects import scan_nested
from streams.decode.objects import scan_scalar

TEMPLATES: Final = 8
MOST_VALUES: Final = 64
MOST_WORDS: Final = 256  # of eight bytes, between all values

_WORD_BYTES: Final = 8
_ALL: Final = np.uint64(2**64 - 1)
_END: Final = -1  # node of what follows the last value: the end of the object

# columns of `steps`
_WORDS: Final = 0  # words before the value
_BYTES: Final = 1  # bytes before the value
_NODE: Final = 2
_BEGIN: Final = 3  # where the bytes before the value began in the last object

# places in `state`
_LAST: Final = 0  # template that fitted last
_OLDEST: Final = 1  # template that makes room


class Templates(NamedTuple):
    """Templates, and the order in which they are tried."""

    steps: Int64Array  # shape (TEMPLATES, MOST_VALUES, 4)
    words: UInt64Array  # shape (TEMPLATES, MOST_WORDS, 2): bytes, and which of them count
    kinds: Int64Array  # shape (TEMPLATES, rows of fields): what the object had at each node
    actors: Int64Array  # shape (TEMPLATES, 4): where they begin and end, each a step and the bytes from its start on
    used: Int64Array  # shape (TEMPLATES,): number of steps, 0 where a template is free
    state: Int64Array  # shape (2,)


def new_templates() -> Templates:
    """Return room for templates, none known yet."""
    return Templates(
        np.zeros((TEMPLATES, MOST_VALUES, 4), np.int64),
        np.zeros((TEMPLATES, MOST_WORDS, 2), np.uint64),
        np.zeros((TEMPLATES, NESTED_SHAPE[0]), np.int64),
        np.zeros((TEMPLATES, 4), np.int64),
        np.zeros(TEMPLATES, np.int64),
        np.zeros(2, np.int64),
    )


@lean_kernel
def scan_alike(
    buffer: UInt8Array,
    words: UInt64Array,
    start: int,
    root: int,
    scratch: NestedScratch,
    templates: Templates,
) -> int:
    """Read the object at *start* as `scan_nested` does, by a template where one fits, else keeping one."""
    after = _scan_by_template(buffer, words, start, scratch.fields, templates)
    if after == NOT_UNDERSTOOD:
        after = scan_nested(buffer, words, start, root, scratch)
        if after != NOT_UNDERSTOOD:
            _keep_template(buffer, words, start, after, scratch.fields, templates)
    return after


@lean_kernel
def _scan_by_template(
    buffer: UInt8Array, words: UInt64Array, start: int, fields: Int64Array, templates: Templates
) -> int:
    """Read the object at *start* by a template that fits, and return the place after it."""
    last = templates.state[_LAST]
    after = _scan_by(buffer, words, start, fields, templates, last)
    template = 0
    while after == NOT_UNDERSTOOD and template < TEMPLATES:
        if template != last:
            after = _scan_by(buffer, words, start, fields, templates, template)
            if after != NOT_UNDERSTOOD:
                templates.state[_LAST] = template
        template += 1
    return after


@lean_kernel
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
    for node in range(NESTED_SHAPE[0]):
        fields[node, KIND] = templates.kinds[template, node]
    place = start
    at = 0
    for step in range(templates.used[template]):
        templates.steps[template, step, _BEGIN] = place
        count = templates.steps[template, step, _WORDS]
        for word in range(count):
            mask = templates.words[template, at + word, 1]
            if words[place + word * _WORD_BYTES] & mask != templates.words[template, at + word, 0]:
                return NOT_UNDERSTOOD
        at += count
        place += templates.steps[template, step, _BYTES]
        node = templates.steps[template, step, _NODE]
        if node == _END:
            _place_actors(fields, templates, template)
            return place
        place = scan_scalar(buffer, words, place, fields, node)
        if place == NOT_UNDERSTOOD:
            return NOT_UNDERSTOOD
    return NOT_UNDERSTOOD


@lean_kernel
def _place_actors(fields: Int64Array, templates: Templates, template: int) -> None:
    """Note where the actors of an object that was read by a template begin and end, if it has them."""
    if templates.kinds[template, ACTORS] == NESTED:
        first, before, last, behind = templates.actors[template]
        fields[ACTORS, START] = templates.steps[template, first, _BEGIN] + before
        fields[ACTORS, END] = templates.steps[template, last, _BEGIN] + behind


@lean_kernel
def _keep_template(
    buffer: UInt8Array, words: UInt64Array, start: int, end: int, fields: Int64Array, templates: Templates
) -> None:
    """Keep what the object in `[start, end)`, just read into *fields*, looks like, unless it is too large."""
    template = templates.state[_OLDEST]
    templates.used[template] = 0
    for node in range(NESTED_SHAPE[0]):
        templates.kinds[template, node] = fields[node, KIND]
    steps = 0
    at = 0
    gap_start = start
    place = start
    while True:
        place = _next_value(buffer, words, place, end)
        length = place - gap_start
        count = (length + _WORD_BYTES - 1) // _WORD_BYTES
        if steps == MOST_VALUES or at + count > MOST_WORDS:
            return
        for word in range(count):
            mask = _ALL >> np.uint64(64 - 8 * min(length - word * _WORD_BYTES, _WORD_BYTES))
            templates.words[template, at + word, 0] = words[gap_start + word * _WORD_BYTES] & mask
            templates.words[template, at + word, 1] = mask
        at += count
        templates.steps[template, steps, _WORDS] = count
        templates.steps[template, steps, _BYTES] = length
        node = _node_at(buffer, place, fields) if place != end else _END
        templates.steps[template, steps, _NODE] = node
        if gap_start <= fields[ACTORS, START] < place:
            templates.actors[template, 0] = steps
            templates.actors[template, 1] = fields[ACTORS, START] - gap_start
        if gap_start < fields[ACTORS, END] <= place:
            templates.actors[template, 2] = steps
            templates.actors[template, 3] = fields[ACTORS, END] - gap_start
        steps += 1
        if place == end:
            break
        gap_start = place = scan_scalar(buffer, words, place, fields, OTHER)
    templates.used[template] = steps
    templates.state[_LAST] = template
    templates.state[_OLDEST] = (template + 1) % TEMPLATES


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
    for node in range(NODES):
        if fields[node, START] == start and fields[node, KIND] not in (OBJECT, NESTED):
            return node
    return OTHER
