"""docs/benchmarks.md and its plots, made from the JSON of the last measurements.

`python -m benchmarks.write_up` says for each goal whether it is met, or by how much it is missed. What was not measured
is shown as such.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import msgspec
from matplotlib.figure import Figure

from benchmarks.machine import Machine
from benchmarks.report import RESULTS, table

DOCS: Final = Path(__file__).parent.parent / "docs"
SIZE_IN: Final = (6.0, 3.2)
DPI: Final = 110
BLUE: Final = "#1f5fa8"
Results = Mapping[str, Any]


class Goal(NamedTuple):
    """A goal, where its figure stands, and how it reads; larger is better where `is_least`."""

    row: str
    text: str
    result: str
    figure: Callable[[Any], float]
    goal: float
    unit: str
    is_least: bool = True


def _line(result: Any, start: str) -> Any:
    return next(line for line in result["lines"] if line["name"].startswith(start))


def _pipeline_rate(result: Any, start: str) -> float:
    line = _line(result, start)
    return float(line["records"] / (line["cpu_s"] - line["start_cpu_s"]))


def _decode(format_: str) -> Callable[[Any], float]:
    return lambda result: float(
        next(line for line in result["lines"] if line["format_"] == format_)["rates"]["DULS"]
    )


def _sink(result: Any, numerator: str, denominator: str) -> float:
    every = result["took"]["100%"]
    wall_s = {name: median(each["wall_s"] for each in every[name]) for name in (numerator, denominator)}
    return float(wall_s[numerator] / wall_s[denominator])


def _vehicle_bytes(result: Any) -> float:
    memory = result["lines"][-1]["memory"]
    return float(memory["vehicle_bytes"] / memory["vehicles"])


def _times(form: str, frameworks: Sequence[str]) -> Callable[[Any], float]:
    """Return how to read how many times the rate of the fastest of some peers in a form the pipeline has."""

    def times(result: Any) -> float:
        peers = {f"{framework} {form}" for framework in frameworks}
        rates = [
            _pipeline_rate(result, line["name"]) for line in result["lines"] if line["contestant"] in peers
        ]
        return _pipeline_rate(result, "pipeline") / max(rates)

    return times


ALL_PEERS: Final = ("faust", "quix", "bytewax")


GOALS: Final = (
    Goal(
        "B1",
        "points of a country, uniform",
        "zone_join",
        lambda r: median(r["rates"]["uniform"]["DULS"]),
        50e6,
        "/s",
    ),
    Goal("B1", "points of towns", "zone_join", lambda r: median(r["rates"]["city-like"]["DULS"]), 50e6, "/s"),
    Goal(
        "B1", "mismatches with shapely", "zone_join", lambda r: float(r["mismatches"]), 0, "", is_least=False
    ),
    Goal(
        "B1",
        "mismatches with the rule",
        "zone_join",
        lambda r: float(r["rule_mismatches"]),
        0,
        "",
        is_least=False,
    ),
    Goal("B1", "build", "zone_join", lambda r: float(r["build_s"]["DULS"]), 10.0, " s", is_least=False),
    Goal("B2", "canonical JSON", "decode", _decode("canonical"), 4e6, "/s"),
    Goal("B2", "Open Trip Model", "decode", _decode("OTM inline"), 1e6, "/s"),
    Goal(
        "B3",
        "reading and decoding, below message objects",
        "read",
        lambda r: float(r["rates"]["read_and_decode"] or 0),
        1.2e6,
        "/s",
    ),
    Goal("B4", "one position per record", "pipeline", lambda r: _pipeline_rate(r, "pipeline"), 0.5e6, "/s"),
    Goal(
        "B4",
        "JSON arrays of 100",
        "pipeline",
        lambda r: float(r["packed"]["JSON arrays of 100"]["both"]),
        1.5e6,
        "/s",
    ),
    Goal(
        "B4",
        "Arrow streams of 5,000",
        "pipeline",
        lambda r: float(r["packed"]["Arrow streams of 5,000"]["both"]),
        4e6,
        "/s",
    ),
    Goal("B4", "times Faust, plain code", "pipeline", _times("plain", ["faust"]), 100, " times"),
    Goal("B4", "times Faust, its windows", "pipeline", _times("windows", ["faust"]), 100, " times"),
    Goal(
        "B4",
        "times Faust, tuned (no goal of its own)",
        "pipeline",
        _times("batches", ["faust"]),
        100,
        " times",
    ),
    Goal("B4", "times the best peer, plain code", "pipeline", _times("plain", ALL_PEERS), 12, " times"),
    Goal("B4", "times the best peer, its windows", "pipeline", _times("windows", ALL_PEERS), 12, " times"),
    Goal(
        "B4",
        "times the best peer, tuned (no goal of its own)",
        "pipeline",
        _times("batches", ALL_PEERS),
        12,
        " times",
    ),
    Goal(
        "B5",
        "position to `zone_now`, p99",
        "latency",
        lambda r: float(r["summary"]["zone_now"]["p99_s"]),
        1.0,
        " s",
        is_least=False,
    ),
    Goal(
        "B5",
        "position to flow row, p99",
        "latency",
        lambda r: float(r["summary"]["zone_flow"]["p99_s"]),
        7.0,
        " s",
        is_least=False,
    ),
    Goal(
        "B5",
        "1.2 M vehicles: memory of aggregate",
        "fleet",
        lambda r: float(r["summary"]["memory"]["aggregate"]["max_mib"]),
        1024,
        " MiB",
        is_least=False,
    ),
    Goal(
        "B5",
        "1.2 M vehicles: lag, p99",
        "fleet",
        lambda r: float(r["summary"]["lag"]["p99_s"]),
        2.0,
        " s",
        is_least=False,
    ),
    Goal(
        "B5",
        "idle load of intake",
        "idle",
        lambda r: 100 * float(r["idle"]["intake"]),
        2.0,
        " %",
        is_least=False,
    ),
    Goal(
        "B5",
        "idle load of aggregate",
        "idle",
        lambda r: 100 * float(r["idle"]["aggregate"]),
        2.0,
        " %",
        is_least=False,
    ),
    Goal(
        "B6",
        "of the server-side rate, all updates",
        "sink",
        lambda r: _sink(r, "server-side INSERT … SELECT", "DULS flush, exactly once"),
        0.9,
        " times",
    ),
    Goal(
        "B6",
        "what exactly once costs",
        "sink",
        lambda r: _sink(r, "DULS flush, exactly once", "its COPY and INSERT alone"),
        1.02,
        " times",
        is_least=False,
    ),
    Goal(
        "B7", "observations, 40,000 vehicles", "aggregate", lambda r: float(r["lines"][1]["rate"]), 10e6, "/s"
    ),
    Goal(
        "B7", "bytes per vehicle, the most vehicles", "aggregate", _vehicle_bytes, 200, " B", is_least=False
    ),
)


def load() -> Results:
    """Return the last results by name."""
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(RESULTS.glob("*.json"))}


def goal_row(goal: Goal, results: Results) -> Sequence[str]:
    """Return the line of a goal."""
    wanted = f"{'at least' if goal.is_least else 'at most'} {_number(goal.goal)}{goal.unit}"
    if goal.result not in results:
        return goal.row, goal.text, wanted, "not measured", ""
    found = goal.figure(results[goal.result])
    is_met = found >= goal.goal if goal.is_least else found <= goal.goal
    miss = "met" if is_met else f"missed: {found / goal.goal:.2f} of it" if goal.goal else "missed"
    return goal.row, goal.text, wanted, f"{_number(found)}{goal.unit}", miss


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
