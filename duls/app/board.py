"""The terminal board: zones by load, flows of the running slot, age of the data, events per second."""

from datetime import UTC, datetime
from math import floor
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from duls.local_midnights import ZONE
from sinks.board import BoardView, FlowLine, ZoneLine

BAR_CELLS: Final = 18
STALE_S: Final = 30.0  # data older than this looks old
FULL: Final = 0.9
BUSY: Final = 0.8
# blue, yellow, vermilion of Okabe and Ito: told apart without red and green
CALM_COLOUR: Final = "#56b4e9"
BUSY_COLOUR: Final = "#f0e442"
FULL_COLOUR: Final = "#d55e00"


def board(view: BoardView | None, *, rate_per_s: float, now: datetime, note: str) -> RenderableType:
    """Return the board as something that a terminal shows.

    Args:
        view: What was read last, or None before the first reading.
        rate_per_s: Positions and detections per second, measured by the caller.
        now: The time.
        note: One line about what is simulated and how to end.
    """
    local = now.astimezone(ZONE)
    title = Text.assemble(
        ("DULS ", "bold"), ("live city logistics  ", ""), (f"{local:%a %d %b %H:%M:%S}", "dim")
    )
    if view is None:
        return Group(title, Text("waiting for the first figures …", style="dim"), Text(note, style="dim"))
    return Group(
        title,
        _heading(view, rate_per_s),
        Panel(_zones(view.zones), title="zones by load", title_align="left", border_style="dim"),
        Panel(_flows(view.flows), title=_slot_title(view.flows), title_align="left", border_style="dim"),
        Text(note, style="dim"),
    )


def _heading(view: BoardView, rate_per_s: float) -> Text:
    """Return the line of vehicles, rate and ages."""
    line = Text(f"{view.present:,} vehicles   {rate_per_s:,.0f} events/s")
    for feed in view.feeds:
        if feed.age_s is None:
            line.append(f"   {feed.feed}: no data yet", style="dim")
        elif feed.age_s > STALE_S:
            line.append(f"   {feed.feed}: STALE since {feed.age_s:.0f} s", style=f"bold {FULL_COLOUR}")
        else:
            line.append(f"   {feed.feed}: data age {max(feed.age_s, 0):.1f} s", style=CALM_COLOUR)
        if feed.rejected_1h:
            line.append(f" ({feed.rejected_1h:,} rejected)", style="dim")
    return line


def _zones(zones: list[ZoneLine]) -> Table:
    """Return the table of zones."""
    table = Table(box=None, expand=True, pad_edge=False)
    table.add_column("zone", ratio=3, no_wrap=True)
    table.add_column("kind", ratio=2, no_wrap=True, style="dim")
    for heading in ("present", "silent", "capacity"):
        table.add_column(heading, justify="right")
    table.add_column("load", width=BAR_CELLS + 12)
    for zone in zones:
        table.add_row(
            zone.name,
            zone.kind.replace("_", " "),
            str(zone.present),
            str(zone.silent),
            "-" if zone.capacity is None else str(zone.capacity),
            _bar(zone.load),
        )
    return table


def _bar(load: float | None) -> Text:
    """Return a load as a bar, a number and a word: colour is never the only sign."""
    if load is None:
        return Text("no capacity set", style="dim")
    colour, word = CALM_COLOUR, ""
    if load >= BUSY:
        colour, word = BUSY_COLOUR, " busy"
    if load >= FULL:
        colour, word = FULL_COLOUR, " FULL"
    filled = min(BAR_CELLS, round(load * BAR_CELLS))
    return Text.assemble(
        ("█" * filled, colour), ("░" * (BAR_CELLS - filled), "dim"), f" {_percent(load):3}%{word}"
    )


def _percent(load: float) -> int:
    """Return a load in whole percents, a half upwards: the live page and reasons of alerts round so, too."""
    return floor(100 * load + 0.5)


def _slot_title(flows: list[FlowLine]) -> str:
    """Return the title that says which slot is shown."""
    if not flows:
        return "flows between neighbourhoods"
    start = datetime.fromtimestamp(flows[0].slot_start_us / 1_000_000, UTC).astimezone(ZONE)
    return f"flows between neighbourhoods since {start:%H:%M}"


def _flows(flows: list[FlowLine]) -> Table:
    """Return the table of flows."""
    table = Table(box=None, expand=True, pad_edge=False)
    table.add_column("class")
    for heading in ("observations", "entries", "exits", "through"):
        table.add_column(heading, justify="right")
    for line in flows:
        table.add_row(
            line.vehicle_class,
            f"{line.observations:,}",
            f"{line.entries:,}",
            f"{line.exits:,}",
            f"{line.through:,}",
        )
    return table
