"""Rows 2 and 3: processes that are asked to end, and members that come and go."""

import os
import sys

import pytest

from tests.faults.epochs import epochs_of
from tests.faults.fault_run import FaultRun, new_random, times
from tests.faults.installation import Installation
from tests.faults.unit_events import EventWorld

pytestmark = [pytest.mark.services, pytest.mark.slow]

RECOVERY_S = times(120, 30)
STALL_S = (
    15.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 30.0
)  # longest time without growth while members come and go


def test_a_process_that_is_asked_to_stop_ends_well_and_loses_nothing(
    squares: Installation, events: EventWorld
) -> None:
    """SIGTERM at any moment: exit 0 within ten seconds, and every event is counted once."""
    random = new_random()
    took_s = []
    with FaultRun(squares, events) as run:
        places = [*run.supervisor.of("intake"), *run.supervisor.of("aggregate")]
        for number in range(times(6, 20)):
            took_s.append(run.supervisor.restart(places[number % 2]))
            run.await_growth(deadline_s=RECOVERY_S)
            run.linger(random.uniform(0.0, 1.0))
        sys.stdout.write(f"{len(took_s)} stops, the longest {max(took_s):.1f} s\n")
        run.check_exact()


def test_members_that_come_and_go_lose_nothing_and_stall_little(
    squares: Installation, events: EventWorld
) -> None:
    """Between one and three processes of each role; the partitions follow, and one owner writes each of them."""
    random = new_random()
    with FaultRun(squares, events) as run:
        run.await_growth(deadline_s=RECOVERY_S)
        run.monitor.begin_stalls()
        for number in range(times(6, 15)):
            role = ("aggregate", "intake")[number % 2]
            run.supervisor.scale(role, random.choice([1, 3]) if number > 1 else 3)
            run.supervisor.wait_ready()
            run.await_growth(deadline_s=RECOVERY_S)
            run.linger(random.uniform(0.0, 2.0))
        stall_s = run.monitor.longest_stall_s()
        run.check_exact()
    assert squares.partitions == len(epochs_of(squares.database_url))
    assert stall_s <= STALL_S
