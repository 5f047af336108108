"""One run of the harness: roles that are supervised, events that flow, and the verdict at the end."""

import os
import sys
import time
from collections.abc import Mapping
from random import Random
from types import TracebackType
from typing import Final, Self

from tests.faults.event_check import Verdict, check_conservation, check_counts, check_minutes, judge
from tests.faults.feeder import Feeder
from tests.faults.installation import Installation
from tests.faults.monitor import Monitor
from tests.faults.progress import has_all
from tests.faults.raw_topics import ends
from tests.faults.supervisor import Supervisor
from tests.faults.unit_events import EventWorld
from tests.faults.waiting import wait_until

FIRST_GROWTH_S: Final = 300.0  # kernels that were never compiled here take a minute
SETTLE_S: Final = 60.0
DUE_AFTER_US: Final = 500_000  # reorder_s of these installations
RATE: Final = 1_000.0  # events a second: enough to be in the middle of something at any moment
SOAK_VARIABLE: Final = "DULS_TEST_SOAK"
SEED_VARIABLE: Final = "DULS_TEST_SEED"


def times(in_ci: int, in_soak: int) -> int:
    """Return how often a fault is repeated: as the fault table says with `make soak`, fewer in CI."""
    return in_soak if os.environ.get(SOAK_VARIABLE) else in_ci


def new_random() -> Random:
    """Return the source of all choices of a test; its seed is printed, and can be given."""
    seed = int(os.environ.get(SEED_VARIABLE) or Random().randrange(2**32))
    sys.stdout.write(f"{SEED_VARIABLE}={seed}\n")
    return Random(seed)


class FaultRun:
    """Roles under supervision and a steady flow of events; a context manager.

    Args:
        installation: migrated, with the zones and cameras of the events.
        world: whose events are sent.
        modules: program by role, where another than `duls` stands in for it.
        roles: processes by role at the start.
    """

    def __init__(
        self,
        installation: Installation,
        world: EventWorld,
        *,
        modules: Mapping[str, str] | None = None,
        roles: Mapping[str, int] | None = None,
    ) -> None:
        self.installation = installation
        self.supervisor = Supervisor(installation, modules=modules)
        self.monitor = Monitor(installation)
        self.feeder = Feeder(installation.bootstrap_servers, world, rate=RATE)
        self._world = world
        self._roles = dict(roles or {"intake": 1, "aggregate": 1})

    def __enter__(self) -> Self:
        """Start the roles, then the flow, and wait until rows arrive in the database."""
        for role, count in self._roles.items():
            self.supervisor.scale(role, count)
        self.monitor.__enter__()
        self.feeder.__enter__()
        self.await_growth(deadline_s=FIRST_GROWTH_S)
        self.monitor.begin_stalls()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything, whatever happened; after a failure say how the logs end."""
        if error is not None:
            for process in self.installation.processes[-4:]:
                sys.stdout.write(f"--- {process.name} ({process.exit_code})\n{process.log_tail()}\n")
        self.feeder.__exit__(kind, error, trace)
        self.monitor.__exit__(kind, error, trace)
        self.installation.end()

    def await_growth(self, *, deadline_s: float) -> float:
        """Wait until more rows are stored; return how long it took, in seconds."""
        return self.monitor.wait_for_growth(deadline_s=deadline_s, tend=self.supervisor.tend)

    def linger(self, length_s: float) -> None:
        """Let some time pass, looking after the processes."""
        end_s = time.monotonic() + length_s
        wait_until(
            lambda: time.monotonic() >= end_s,
            "time passes",
            deadline_s=length_s + 1.0,
            tend=self.supervisor.tend,
            poll_s=0.02,
        )

    def settle(self, *, within_s: float = SETTLE_S) -> Verdict:
        """Stop the flow, wait until everything is taken, end the roles in order and judge every event."""
        sent = self.feeder.finish()
        end = ends(self.installation.bootstrap_servers, self.installation.partitions)
        wait_until(
            lambda: has_all(self.installation, end, after_us=DUE_AFTER_US),
            "everything that was sent is taken",
            deadline_s=within_s,
            tend=self.supervisor.tend,
        )
        self.supervisor.stop_all()
        verdict = judge(self.installation, self._world, sent)
        sys.stdout.write(f"{verdict}; longest stall {self.monitor.longest_stall_s():.1f} s\n")
        return verdict

    def check_exact(self) -> None:
        """Settle, and check that nothing was lost, doubled or miscounted."""
        verdict = self.settle()
        assert verdict.is_exact, str(verdict)
        check_counts(self.installation, verdict.sent)
        check_minutes(self.installation)
        check_conservation(self.installation)
