"""The largest rate that this machine sustains, with broker, database and the load itself on it.

`python -m benchmarks.sustained [--quick] [--write-docs]` lets 1.2 million vehicles report faster and faster, one
position per record, by an open loop (see `benchmarks.latency`), each rate on services of its own, until stream time
falls behind the clock or the load falls behind its schedule.
"""

from typing import Any, Final

from benchmarks.latency import LAG_GOAL_S, ROLES, measure, summary
from benchmarks.machine import Machine, this_machine
from benchmarks.report import measure_and_report, say, table

VEHICLES: Final = 1_200_000
RATES: Final = (60_000, 80_000, 100_000, 125_000, 150_000, 175_000, 200_000, 250_000)
QUICK_RATES: Final = (60_000, 100_000, 150_000)
STEP_S: Final = 40.0
BEHIND_S: Final = 1.0  # a load that is later than this has not sent the rate


def climb(quick: bool) -> dict[str, Any]:  # noqa: FBT001 the flag of the command
    """Try one rate after the other up to the first that is not sustained; return what is written as JSON."""
    machine = this_machine()
    steps = []
    for rate in QUICK_RATES if quick else RATES:
        say(f"  {rate:,} positions/s")
        steps.append(_step(rate))
        if not steps[-1]["is_sustained"]:
            break
    sustained = [step["rate"] for step in steps if step["is_sustained"]]
    return {"machine": machine, "steps": steps, "largest": max(sustained, default=0.0)}


def _step(rate: int) -> dict[str, Any]:
    """Return what one rate did."""
    result = measure(rate, STEP_S, VEHICLES)
    found = summary(result)
    behind_s = float(result["sent"].behind_max_s)
    return {
        "rate": result["rate"],
        "behind_s": behind_s,
        "lag": found["lag"],
        "zone_now": found["zone_now"],
        "cores": result["cores"],
        "rss_mib": {role: found["memory"][role]["max_mib"] for role in ROLES},
        "is_sustained": found["lag"]["p99_s"] < LAG_GOAL_S and behind_s < BEHIND_S,
    }


def as_text(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine: Machine = result["machine"]
    rows = [
        (
            f"{step['rate']:,.0f}",
            "yes" if step["is_sustained"] else "no",
            f"{step['lag']['p99_s']:.2f} s",
            f"{step['zone_now']['p99_s']:.2f} s",
            f"{step['behind_s']:.2f} s",
            *(f"{step['cores'][name]:.2f}" for name in (*ROLES, "broker", "database")),
            f"{step['rss_mib']['aggregate']:.0f} MiB",
        )
        for step in result["steps"]
    ]
    head = (
        "positions/s",
        "sustained",
        "lag, p99",
        "`zone_now`, p99",
        "load behind",
        *(f"{name}, cores" for name in (*ROLES, "broker", "database")),
        "aggregate",
    )
    return "\n\n".join(
        [
            (
                f"Machine: {machine.name()}; load before {machine.load_before}.\n"
                f"{VEHICLES:,} vehicles, one position per record, {STEP_S:.0f} s of each rate; sustained is a lag "
                f"below {LAG_GOAL_S:.0f} s while the load keeps its schedule within {BEHIND_S:.0f} s."
            ),
            table(head, rows),
            f"Largest sustained: {result['largest']:,.0f} positions/s.",
        ]
    )


def main() -> None:
    """Measure and report."""
    measure_and_report("sustained", __doc__, climb, as_text)


if __name__ == "__main__":
    main()
