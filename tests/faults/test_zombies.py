"""Row 4: processes that sleep through the loss of their partitions and wake up believing to own them."""

import itertools
import signal
from pathlib import Path

import pytest

from tests.faults.epochs import epochs_of
from tests.faults.fault_run import FaultRun, new_random, times
from tests.faults.installation import SESSION_MS, Installation
from tests.faults.supervisor import Place
from tests.faults.unit_events import EventWorld
from tests.faults.waiting import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

VARIANT = "tests.faults.stopping_variant"
ASLEEP_S = 2 * SESSION_MS / 1_000
RECOVERY_S = 60.0
STALE_WRITE = "were taken over by another process"
BEDS = (
    ("aggregate", "flush-before-transaction"),
    ("intake", "intake-after-consume"),
    ("aggregate", "flush-before-commit"),
    ("intake", "intake-before-commit"),
    ("aggregate", "flush-after-offsets"),
)
"""Where processes fall asleep: with a flush in mind, within one, and before and after rows are sent."""


def test_zombies_are_fenced(squares: Installation, events: EventWorld) -> None:
    """A stale flush changes nothing, and what a stale intake repeats counts once."""
    random = new_random()
    modules = {"aggregate": VARIANT, "intake": VARIANT}
    with FaultRun(squares, events, modules=modules, roles={"intake": 2, "aggregate": 2}) as run:
        for role, bed in itertools.islice(itertools.cycle(BEDS), times(4, 10)):
            place = run.supervisor.of(role)[random.randrange(2)]
            run.supervisor.set_failpoints(place, [f"{bed}:{random.randrange(2, 5)}"])
            run.supervisor.restart(place)
            fall_asleep(run, place)
            epochs = epochs_of(squares.database_url)
            run.await_growth(deadline_s=RECOVERY_S)
            run.linger(ASLEEP_S)
            if role == "aggregate":
                # until then what it writes is not stale
                await_takeover(run, place, epochs)
            place.running.send(signal.SIGCONT)
            if role == "aggregate":
                await_fence(run, place)
            run.await_growth(deadline_s=RECOVERY_S)
        run.check_exact()


def fall_asleep(run: FaultRun, place: Place) -> None:
    """Wait until a process has stopped itself."""
    wait_until(
        lambda: is_stopped(place.running.pid),
        f"{place.role} {place.number} falls asleep",
        deadline_s=RECOVERY_S,
        tend=run.supervisor.tend,
    )


def await_takeover(run: FaultRun, place: Place, epochs: dict[int, int]) -> None:
    """Wait until another process has claimed the partitions of a sleeping one."""
    wait_until(
        lambda: epochs_of(run.installation.database_url) != epochs,
        f"the partitions of {place.role} {place.number} are taken over",
        deadline_s=RECOVERY_S,
        tend=run.supervisor.tend,
    )


def await_fence(run: FaultRun, place: Place) -> None:
    """Wait until a woken process has tried its stale write and was refused."""
    wait_until(
        lambda: STALE_WRITE in place.running.log_text(),
        f"the stale write of {place.role} {place.number} is fenced",
        deadline_s=RECOVERY_S,
        tend=run.supervisor.tend,
    )


def is_stopped(pid: int) -> bool:
    """Tell whether a process is stopped by a signal."""
    status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    return status.rpartition(")")[2].split()[0] == "T"
