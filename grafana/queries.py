"""SQL of the boards, from the `.sql` files of `grafana/sql`.

A query starts at a line `-- name: WORD`; the comment after it describes it; it lasts until the next name.
`@WORD` stands for the text of another one of the same file, so that a condition is written once.
"""

import re
from functools import cache
from importlib import resources
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)
_COMMENT: Final = re.compile(r"\A(?:--[^\n]*\n)+")
_PART: Final = re.compile(r"@(\w+)")


@cache
def queries_of(board: str) -> dict[str, str]:
    """Return all texts of `grafana/sql/<board>.sql` by name, without their comments, each whole."""
    text = resources.files("grafana").joinpath("sql", f"{board}.sql").read_text("utf-8")
    parts = _NAME.split(text)[1:]
    written = {
        name: _COMMENT.sub("", body).strip() for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
    return {name: _whole(body, written) for name, body in written.items()}


def _whole(body: str, written: dict[str, str]) -> str:
    """Return a text with the texts that it names in their places."""
    return _PART.sub(lambda found: _whole(written[found[1]], written), body)
