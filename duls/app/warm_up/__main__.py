"""Compile everything, in as many processes as there are processors, telling how far it is."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from duls.app.kernel_cache import forget_outdated_kernels, save_kernels_one_at_a_time
from duls.app.warm_up.aggregate import warm_up_aggregate
from duls.app.warm_up.intake import warm_up_intake
from duls.app.warm_up.publication import warm_up_publication
from duls.app.warm_up.simulation import warm_up_simulation

STEPS: Final[dict[str, Callable[[], None]]] = {
    "aggregate": warm_up_aggregate,
    "intake": warm_up_intake,
    "publication": warm_up_publication,
    "the simulated city": warm_up_simulation,
}
"""By name, those that take longest first."""


def main() -> None:
    """Compile everything."""
    forget_outdated_kernels()
    processes = min(len(os.sched_getaffinity(0)), len(STEPS))
    sys.stderr.write(f"compiling the kernels of {', '.join(STEPS)} …\n")
    with ProcessPoolExecutor(
        processes, mp_context=get_context("spawn"), initializer=save_kernels_one_at_a_time
    ) as pool:
        running = {pool.submit(step): name for name, step in STEPS.items()}
        for done in as_completed(running):
            done.result()
            sys.stderr.write(f"  {running[done]}: done\n")


if __name__ == "__main__":
    main()
