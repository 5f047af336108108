"""The tables of B1."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.report import table

if TYPE_CHECKING:
    from benchmarks.machine import Machine
    from benchmarks.zone_join_peers import Figures

GOAL: Final = 50e6  # points per second and core
BUILD_GOAL_S: Final = 10.0
DULS: Final = "DULS"
SHAPELY: Final = "shapely `STRtree`"
NONE: Final = "none"

Rates = Mapping[str, Sequence[float]]


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    kept, sizes, rounds = result["file"], result["sizes"], result["rounds"]
    return "\n".join(
        [
            f"Machine: {machine.name()}; load before {machine.load_before}.",
            (
                f"{result['zones']:,} zones that overlap, {result['vertices']:,} vertices; median of {rounds['ours']} "
                f"interleaved rounds, of {rounds['peers']} for peers in processes of their own, all threads counted."
            ),
            "",
            _contestants(result),
            "",
            (
                f"Missing or failed: {failed(result['failures'])}. Saving our index as a file takes "
                f"{kept['save_s']:.1f} s, loading it {kept['load_s']:.1f} s, and it has "
                f"{kept['bytes'] / 1e6:.0f} MB."
            ),
            "",
            (
                f"{result['mismatches']} of the containments of {sizes['compared']:,} random points "
                f"differ from shapely's, and {result['rule_mismatches']} of those of as many points on, level with "
                f"or one bit beside vertices and edges from the rule over all edges. "
                f"Goals: {GOAL / 1e6:.0f} M points/s, no mismatch, a build within {BUILD_GOAL_S:.0f} s."
            ),
            "",
            _worlds(result["worlds"]),
        ]
    )


def failed(failures: Mapping[str, str]) -> str:
    """Return which peers are missing, and why, in one line."""
    return ", ".join(f"{title} ({why})" for title, why in failures.items()) or "none"


def _contestants(result: dict[str, Any]) -> str:
    """Return what each contestant did, as Markdown; one that failed has no figures."""
    rates: Mapping[str, Rates] = result["rates"]
    kinds = list(rates)
    ours = {kind: median(rates[kind][DULS]) for kind in kinds}

    def row(title: str, found: Rates, build_s: float, answers: str) -> Sequence[str]:
        each = {kind: median(found[kind]) for kind in kinds}
        return (
            title,
            *(f"{rate / 1e6:.2f} M" for rate in each.values()),
            *(f"{ours[kind] / rate:.0f}" for kind, rate in each.items()),
            f"{build_s:.1f} s",
            answers,
        )

    beside_shapely = f"{result['mismatches']} containments" if result["mismatches"] else NONE
    rows = [
        row(title, {kind: rates[kind][title] for kind in kinds}, result["build_s"][title], answers)
        for title, answers in ((DULS, ""), (SHAPELY, beside_shapely))
    ]
    peers: Mapping[str, Figures] = result["peers"]
    rows += [
        row(
            title,
            each.rates,
            each.build_s,
            f"{each.differing / each.points:.2%} of points" if each.differing else NONE,
        )
        for title, each in peers.items()
    ]
    rows += [(title, *["failed"] * len(kinds), *["-"] * (len(kinds) + 2)) for title in result["failures"]]
    head = (
        "points per CPU-second",
        *kinds,
        *(f"DULS / it, {kind}" for kind in kinds),
        "building",
        "other answers than ours",
    )
    return table(head, rows)


def _worlds(worlds: Sequence[dict[str, Any]]) -> str:
    """Return cost against size, as Markdown."""
    return table(
        ("zones", "vertices", "points/CPU-s", "build", "save", "load", "file"),
        [
            (
                f"{world['zones']:,}",
                f"{world['vertices']:,}",
                f"{world['rate'] / 1e6:.0f} M",
                f"{world['build_s']:.1f} s",
                f"{world['file']['save_s']:.2f} s",
                f"{world['file']['load_s']:.2f} s",
                f"{world['file']['bytes'] / 1e6:.1f} MB",
            )
            for world in worlds
        ],
    )
