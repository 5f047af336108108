"""How results leave: a table on standard output, JSON beside the scripts, a section of the documentation."""

import argparse
import sys
from collections.abc import Callable, Sequence
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


def measure_and_report(
    name: str, description: str | None, measure: Callable[[bool], Any], as_text: Callable[[Any], str]
) -> None:
    """Run the command of a benchmark: measure, print the table, write JSON, and the docs where asked for.

    Args:
        name: Of the script and its section in docs/performance.md.
        description: Shown by --help.
        measure: Called with whether the measurement is to be a quick one.
        as_text: The result as it is shown.
    """
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("--quick", action="store_true", help="a smaller measurement")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    chosen = parser.parse_args()
    result = measure(chosen.quick)
    text = as_text(result)
    say(text)
    path = write_json(name, result)
    say(str(path.relative_to(path.parent.parent)))
    if chosen.write_docs:
        write_section(name, text)
