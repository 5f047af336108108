"""docs/benchmarks.md and its plots, made from the JSON of the last measurements.

`python -m benchmarks.write_up` says for each goal whether it is met, or by how much it is missed. What was not measured
is shown as such.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from matplotlib.figure import Figure

from benchmarks.goals import GOALS, Goal
from benchmarks.machine import Machine
from benchmarks.report import RESULTS, table

DOCS: Final = Path(__file__).parent.parent / "docs"
SIZE_IN: Final = (6.0, 3.2)
DPI: Final = 110
BLUE: Final = "#1f5fa8"
Results = Mapping[str, Any]


def load() -> Results:
    """Return the last results by name."""
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(RESULTS.glob("*.json"))}


def goal_row(goal: Goal, results: Results) -> Sequence[str]:
    """Return the line of a goal."""
    found = goal.figure(results[goal.result]) if goal.result in results else None
    measured = "not measured" if found is None else f"{_number(found)}{goal.unit}"
    if goal.goal is None:
        return goal.row, goal.text, "none", measured, ""
    wanted = f"{'at least' if goal.is_least else 'at most'} {_number(goal.goal)}{goal.unit}"
    if found is None:
        return goal.row, goal.text, wanted, measured, ""
    is_met = found >= goal.goal if goal.is_least else found <= goal.goal
    miss = "met" if is_met else f"missed: {found / goal.goal:.2f} of it" if goal.goal else "missed"
    return goal.row, goal.text, wanted, measured, miss


def _number(value: float) -> str:
    if value >= 1e5:
        return f"{value / 1e6:.2f} M"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def plot(name: str, points: Sequence[tuple[float, float]], x: str, y: str) -> None:
    """Draw cost against size."""
    figure = Figure(figsize=SIZE_IN, dpi=DPI, layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*points, strict=True), marker="o", color=BLUE)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.1 * max(cost for _, cost in points))
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / f"benchmark-{name}.png")


def plots(results: Results) -> list[str]:
    """Draw what there are results for; return the lines that show it."""
    shown = []

    def draw(name: str, title: str, points: Sequence[tuple[float, float]], x: str, y: str) -> None:
        plot(name, points, x, y)
        shown.extend([f"![{title}](benchmark-{name}.png)", ""])

    if "zone_join" in results:
        worlds = results["zone_join"]["worlds"]
        points = [(world["zones"], 1e9 / world["rate"]) for world in worlds]
        draw("zones", "Time per point against zones", points, "zones", "ns per point")
    if "aggregate" in results:
        lines = results["aggregate"]["lines"]
        points = [(line["vehicles"], 1e9 / line["rate"]) for line in lines]
        draw("vehicles", "Time per observation against vehicles", points, "vehicles", "ns per observation")
        spread = results["aggregate"]["partitions"].items()
        points = [(int(count), 1e9 / rate) for count, rate in spread]
        draw(
            "partitions",
            "Time per observation against partitions",
            points,
            "observation partitions",
            "ns per observation",
        )
    if "decode" in results:
        points = [(int(size), 1e9 / rate) for size, rate in results["decode"]["per_record"].items()]
        draw(
            "records",
            "Time per position against positions per record",
            points,
            "positions in a JSON record",
            "ns per position, decode",
        )
    return shown


def main() -> None:
    """Write the page."""
    results = load()
    machines = {
        msgspec.convert(result["machine"], Machine).name()
        for result in results.values()
        if "machine" in result
    }
    lines = [
        "# Benchmarks",
        "",
        "`make bench` measures, and `python -m benchmarks.write_up` writes this page from what it found.",
        "The tables of each measurement, with peers, stand in [performance.md](performance.md).",
        f"Machine: {'; '.join(sorted(machines))}.",
        "Rates are per CPU-second of our processes, all threads counted.",
        (
            "The goals beside peers of B4 come from measurements of plain code, one record at a time; "
            "windows are what the documentation of each peer shows, and no goal speaks of peers that we tuned."
        ),
        "",
        "## Goals",
        "",
        table(("", "what", "goal", "measured", ""), [goal_row(goal, results) for goal in GOALS]),
        "",
        "## Cost against size",
        "",
        *plots(results),
    ]
    (DOCS / "benchmarks.md").write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
