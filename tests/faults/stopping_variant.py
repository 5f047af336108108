"""A role that falls asleep at a named place: a zombie, woken when others have long taken over.

DULS_FAILPOINT means SIGSTOP here instead of SIGKILL. Started as `python -m tests.faults.stopping_variant run ROLE`.
"""

import os
import signal
from collections.abc import Mapping

from duls import cli
from duls.app import aggregate_role, intake_role
from duls.app.failpoints import VARIABLE
from streams.failpoints import Failpoint


def sleeping_failpoint(environment: Mapping[str, str]) -> Failpoint:
    """Return a failpoint that stops the process, to be continued, at the n-th passage of a place."""
    place, _, number = environment.get(VARIABLE, "nowhere:1").partition(":")
    left = int(number)

    def passed(name: str) -> None:
        """Count the passages of the place, and fall asleep at the last."""
        nonlocal left
        if name == place:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)

    return passed


if __name__ == "__main__":
    # one for the whole process: a zombie that was woken joins again and must not fall asleep again
    failpoint = sleeping_failpoint(os.environ)
    aggregate_role.failpoint_from = lambda _environment: failpoint
    intake_role.failpoint_from = lambda _environment: failpoint
    cli.main()
