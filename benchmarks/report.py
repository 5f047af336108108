"""How results leave: a table on standard output, JSON beside the scripts, a section of the documentation."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

RESULTS: Final = Path(__file__).parent / "results"
DOCUMENT: Final = Path(__file__).parent.parent / "docs" / "performance.md"


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table, its first column to the left and the others to the right."""
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cells[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(cells[1:], widths[1:], strict=True)),
        ]
        return f"| {' | '.join(padded)} |"

    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return "\n".join([line(head), f"| {' | '.join(rule)} |", *(line(row) for row in rows)])


def write_json(name: str, result: Any) -> Path:
    """Write a result to `results/NAME.json` and return where."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    return path


def write_section(name: str, text: str) -> None:
    """Replace the generated section of that name in docs/performance.md."""
    begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
    document = DOCUMENT.read_text(encoding="utf-8")
    before, found, rest = document.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        message = f"{DOCUMENT.name} has no section between {begin.strip()} and {end}"
        raise ValueError(message)
    DOCUMENT.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
