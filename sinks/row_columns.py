"""Named tuples of one type as columns, which become arrays in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any


def columns_of(rows: Sequence[tuple[Any, ...]]) -> Mapping[str, list[Any]]:
    """Return the fields of rows, at least one, as lists by field name."""
    fields: tuple[str, ...] = getattr(rows[0], "_fields")  # noqa: B009  # tuple[Any, ...] stands for any NamedTuple
    return dict(zip(fields, map(list, zip(*rows, strict=True)), strict=True))
