"""Records and rows that must be rejected, each for a reason of its own, and that a reader here knows again."""

import json
from collections.abc import Callable
from itertools import cycle, islice
from typing import Any, Final

GOOD: Final = {"vehicle": "NL:PSN-001-X", "time": "2026-11-24T08:00:00Z", "lat": 52.1, "lon": 5.1}
NOTE: Final = "poison"
"""Rows that are rejected say so in a field that no decoder looks at."""

_CHANGES: Final[tuple[dict[str, Any], ...]] = (
    {"lat": None},
    {"lat": 91.5},
    {"lon": "5.1"},
    {"time": "yesterday"},
    {"time": "2099-01-01T00:00:00Z"},
    {"vehicle": "  "},
    {"vehicle": 17},
    {"vehicle": "X" * 200},
    {"time": "2026-11-24T08:00:00"},
    {"lat": True},
)

_BROKEN: Final[tuple[Callable[[int], bytes | None], ...]] = (
    lambda n: b'{"vehicle":"NL:PSN-%03d-X","time":' % n,
    lambda n: b'{"vehicle":"NL:\xff\xfe-%03d"}' % n,
    lambda _: None,
    lambda _: b"",
    lambda n: b"%d" % n,
    lambda _: b"[]",
    lambda _: b"null",
    lambda n: b'{"vehicle":"NL:PSN-%03d-X","time":"2026-11-24T08:00:00Z","lat":NaN,"lon":5.1}' % n,
    lambda n: b"[" * (200 + n),
    lambda n: b'"NL:PSN-%03d-X"' % n,
)


def wrong_rows(count: int) -> list[bytes]:
    """Return rows that are JSON objects, each with one fault."""
    changes = islice(cycle(_CHANGES), count)
    return [json.dumps({**GOOD, **change, "note": NOTE}).encode() for change in changes]


def broken_records(count: int) -> list[bytes | None]:
    """Return records that hold no object at all, or none that can be read; each counts as one rejected row."""
    makers = islice(cycle(_BROKEN), count)
    return [make(number) for number, make in enumerate(makers)]
