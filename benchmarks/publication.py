"""How much of a day is published, and how long deciding it takes: 291 zones in three layers and eight classes.

A city of ten districts of 28 neighbourhoods each; a class has the vehicles that the table says. Run it from the
root of the project: `python -m benchmarks.publication`.
"""

import time

import numpy as np

from processors.publication.withholding import primary, withhold
from tests.processors.publication.city import count, day_figures, family_of, tracks

K = 10
VEHICLES = (10_000, 6_000, 3_000, 1_500, 800, 300, 100, 30)


def main() -> None:
    """Print a row for each class, and the sums."""
    parents = [-1]
    for _ in range(10):
        parents += [0, *[len(parents)] * 28]
    family = family_of(parents, [parent > 0 for parent in parents])
    warm = day_figures(count(family, tracks(np.random.default_rng(0), family, 20, 24)), K)
    withhold(warm, family, k=K, has_visits=True)
    print(
        "| vehicles | day cells ≥ k | shown | hour cells ≥ k | shown | seconds |"
    )  # the table is the output
    print("|---|---|---|---|---|---|")
    sums = np.zeros(5)
    for seed, vehicles in enumerate(VEHICLES):
        known = day_figures(count(family, tracks(np.random.default_rng(seed), family, vehicles, 24)), K)
        before = primary(known)
        start_s = time.perf_counter()
        shown = withhold(known, family, k=K, has_visits=True)
        spent_s = time.perf_counter() - start_s
        row = np.array([before.days.sum(), shown.days.sum(), before.hours.sum(), shown.hours.sum(), spent_s])
        sums += row
        _print_row(str(vehicles), row)
    _print_row("all", sums)


def _print_row(name: str, row: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> None:
    """Print one row of the table."""
    cells = " | ".join(f"{value:.0f}" for value in row[:4])
    print(f"| {name} | {cells} | {row[4]:.2f} |")  # the table is the output


if __name__ == "__main__":
    main()
