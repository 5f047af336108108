"""Named queries from the `.sql` files of `sinks/sql`, read when first asked for.

A query starts at a line `-- name: WORD`; the comment after it describes it; it lasts until the next name.
"""

import re
from functools import cache
from importlib import resources
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def queries_of(subject: str) -> dict[str, bytes]:
    """Return all queries of `sinks/sql/<subject>.sql` by name, without their comments' first lines."""
    text = resources.files("sinks").joinpath("sql", f"{subject}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return {name: body.strip().encode() for name, body in zip(parts[::2], parts[1::2], strict=True)}


def query(subject: str, name: str) -> bytes:
    """Return one query, as the bytes that psycopg takes for a trusted statement."""
    return queries_of(subject)[name]
