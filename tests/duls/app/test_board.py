"""The board, as people see it."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from duls.app.board import board
from sinks.board import BoardView, FeedLine, FlowLine, ZoneLine

NOW = datetime(2026, 11, 23, 8, 0, 5, tzinfo=UTC)

VIEW = BoardView(
    [
        ZoneLine("Binnenstad", "zero_emission_zone", 45, 3, 50, 0.9),
        ZoneLine("Laden Oudegracht", "loading_zone", 4, 1, 5, 0.8),
        ZoneLine("Oog in Al", "neighbourhood", 1, 0, 40, 0.025),
        ZoneLine("Hub Lage Weide", "hub", 7, 2, None, None),
    ],
    52,
    [FlowLine(1_795_420_800_000_000, "N1", 12_345, 67, 65, 4)],
    [
        FeedLine("fms", 1.24, 10.0, 1_000, 0),
        FeedLine("anpr", 95.0, 0.0, 10, 1_234),
        FeedLine("otm", None, 0.0, 0, 0),
    ],
)

SNAPSHOT = """\
DULS live city logistics  Mon 23 Nov 09:00:05
52 vehicles   1,234 events/s   fms: data age 1.2 s   anpr: STALE since 95 s (1,234 rejected)   otm:
no data yet
╭─ zones by load ──────────────────────────────────────────────────────────────────────────────────╮
│ zone                    kind           present  silent  capacity  load                           │
│ Binnenstad              zero emissio…       45       3        50  ████████████████░░  90% FULL   │
│ Laden Oudegracht        loading zone         4       1         5  ██████████████░░░░  80% busy   │
│ Oog in Al               neighbourhood        1       0        40  ░░░░░░░░░░░░░░░░░░   3%        │
│ Hub Lage Weide          hub                  7       2         -  no capacity set                │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
╭─ flows between neighbourhoods since 09:00 ───────────────────────────────────────────────────────╮
│ class                           observations             entries          exits          through │
│ N1                                    12,345                  67             65                4 │
╰──────────────────────────────────────────────────────────────────────────────────────────────────╯
Ctrl-C ends it
"""


def shown(view: BoardView | None) -> str:
    """Return the board as plain text of 100 columns."""
    console = Console(file=StringIO(), width=100, color_system=None)
    console.print(board(view, rate_per_s=1_234.4, now=NOW, note="Ctrl-C ends it"))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_the_board_shows_zones_flows_and_feeds() -> None:
    """In local time; what is old or full is said in words, for colour is never the only sign."""
    text = shown(VIEW)

    assert SNAPSHOT == "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def test_before_the_first_figures_the_board_says_so() -> None:
    """An empty table would look like an empty city."""
    text = shown(None)

    assert "waiting for the first figures" in text
    assert "zones by load" not in text


@pytest.mark.parametrize(
    ("load", "word", "cells"),
    [(0.0, "", 0), (0.79, "", 14), (0.8, "busy", 14), (0.9, "FULL", 16), (2.5, "FULL", 18)],
)
def test_a_load_is_a_bar_a_number_and_a_word(load: float, word: str, cells: int) -> None:
    """A bar has an end, the number goes on."""
    zone = ZoneLine("Oog in Al", "hub", 1, 0, 1, load)

    line = next(line for line in shown(VIEW._replace(zones=[zone])).splitlines() if "Oog" in line)

    assert cells == line.count("█")
    assert f"{load:.0%}" in line
    assert word in line
    assert bool(word) or ("busy" not in line and "FULL" not in line)
