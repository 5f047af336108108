"""The slow and obvious reader of JSON: a record becomes documents, each parsed or with the reason why not.

It accepts the JSON of RFC 8259 and tells apart what is wrong: bytes that are no UTF-8, nesting deeper than
`MAX_DEPTH`, and anything else. NaN and infinities, which many writers emit, are parsed as floats, so that the
rules of the fields can name them.

A record may begin with the mark that some writers put before UTF-8. It is one document. Where it is none and does not
begin an array, it is newline-delimited JSON when at least one of its lines is an object by itself; each line that is
not blank is a document then.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeGuard

from processors.vocabulary import Outcome
from streams.decode.lexer import MARK
from streams.decode.times import is_finite

MAX_DEPTH: Final = 64  # fixed, so that a record fares alike whatever stack it is read on

ALIKE: Final = 16
"""Texts that are remembered while those of a record are read: it may hold half a million equal ones, of no use."""

_BLANKS: Final = b" \t\r\n"
_EXACT_DIGITS: Final = 400  # longer integers exceed every float, and Python refuses to read the longest
_STRINGS_AND_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _whole_number(digits: str) -> float:
    """Return an integer, or an infinity when it is longer than any float."""
    return int(digits) if len(digits) <= _EXACT_DIGITS else float(digits)


_DECODER: Final = json.JSONDecoder(parse_int=_whole_number)


class Document(NamedTuple):
    """One JSON document of a record."""

    outcome: Outcome  # ACCEPTED, or why it could not be parsed
    content: object = None  # what `json` makes of it


def documents_of(record: bytes) -> Sequence[Document]:
    """Return the documents of a record, at least one."""
    text = record.removeprefix(MARK).strip(_BLANKS)
    if not text:
        return [Document(Outcome.EMPTY)]
    whole = parse_document(text)
    if whole.outcome == Outcome.ACCEPTED or text.startswith(b"[") or b"\n" not in text:
        return [whole]
    parse = lru_cache(ALIKE)(parse_document)
    documents = [parse(line) for line in text.split(b"\n") if line.strip(_BLANKS)]
    return documents if any(isinstance(document.content, dict) for document in documents) else [whole]


def parse_document(text: bytes) -> Document:
    """Return one document, parsed or with the reason why not."""
    try:
        decoded = text.decode()
        if _is_too_deep(decoded):
            return Document(Outcome.TOO_DEEP)
        return Document(Outcome.ACCEPTED, _DECODER.decode(decoded))
    except UnicodeDecodeError:
        return Document(Outcome.BAD_UTF8)
    except RecursionError:
        return Document(Outcome.TOO_DEEP)
    except ValueError:
        return Document(Outcome.NOT_JSON)


def _is_too_deep(text: str) -> bool:
    """Tell whether brackets outside strings nest deeper than `MAX_DEPTH`."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for token in _STRINGS_AND_BRACKETS.finditer(text):
        if token[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif token[0] in "]}":
            depth -= 1
    return False


def is_number(content: object) -> TypeGuard[float]:
    """Tell whether a value is a JSON number that a float can hold."""
    return isinstance(content, int | float) and not isinstance(content, bool) and is_finite(content)


def type_error_of(content: object) -> Outcome:
    """Return the reason for a value of the wrong type: `NOT_FINITE` where no finite float can hold it."""
    finite = not isinstance(content, int | float) or is_finite(content)
    return Outcome.WRONG_TYPE if finite else Outcome.NOT_FINITE
