"""Row 5 once more: a database that holds its connections and does not answer."""

import json
import signal
import sys
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Final

import pytest

from duls.errors import EXIT_OK
from duls.local_process import LOCALHOST
from tests.faults.fault_run import FaultRun, new_random, times
from tests.faults.installation import Installation
from tests.faults.role_process import RoleProcess
from tests.faults.servers import frozen
from tests.faults.supervisor import STOP_S
from tests.faults.unit_events import EventWorld
from tests.faults.waiting import wait_until
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

VARIANT: Final = "tests.faults.impatient_variant"
ROLES: Final = ("intake", "aggregate", "alert", "api")
TOLD_S: Final = times(60, 20)  # 5 s of silence, after what a role does first
RECOVERY_S: Final = times(120, 60)


@pytest.fixture
def everything(squares: Installation) -> Installation:
    """Give an installation all roles of which can be asked how they do."""
    squares.variables["DULS_HTTP_BIND"] = f"{LOCALHOST}:0"
    return squares


def readiness(process: RoleProcess) -> int:
    """Return the status of what a role says to whoever asks whether it works."""
    lines = [json.loads(line) for line in process.log_text().splitlines() if '"port"' in line]
    try:
        with urllib.request.urlopen(f"http://{LOCALHOST}:{lines[-1]['port']}/readyz", timeout=10.0) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def await_readiness(run: FaultRun, status: HTTPStatus, *, within_s: float) -> None:
    """Wait until every role says the same of itself."""
    begun_s = time.monotonic()
    for role in ROLES:
        process = run.supervisor.of(role)[0].running
        wait_until(lambda: readiness(process) == status, f"{role} says {status}", deadline_s=within_s)  # noqa: B023  # waited for within the loop
        sys.stdout.write(f"{role} said {status} within {time.monotonic() - begun_s:.1f} s\n")


def test_a_frozen_database_is_told_and_costs_nothing(
    everything: Installation, events: EventWorld, server: TimescaleServer
) -> None:
    """No role says that it works meanwhile, and each goes on where it was."""
    with FaultRun(everything, events, roles=dict.fromkeys(ROLES, 1)) as run:
        run.supervisor.wait_ready()
        await_readiness(run, HTTPStatus.OK, within_s=RECOVERY_S)
        with frozen(server):
            await_readiness(run, HTTPStatus.SERVICE_UNAVAILABLE, within_s=TOLD_S)
        run.await_growth(deadline_s=RECOVERY_S)
        await_readiness(run, HTTPStatus.OK, within_s=RECOVERY_S)
        run.check_exact()


def test_what_was_given_up_on_a_frozen_database_counts_once(
    squares: Installation, events: EventWorld, server: TimescaleServer
) -> None:
    """What was under way is done again, unless the server did it when it woke."""
    random = new_random()
    modules = {"intake": VARIANT, "aggregate": VARIANT}
    with FaultRun(squares, events, modules=modules) as run:
        for _ in range(times(3, 10)):
            with frozen(server):
                run.linger(random.uniform(1.5, 4.0))
            run.await_growth(deadline_s=RECOVERY_S)
            run.linger(random.uniform(0.0, 1.0))
        logs = squares.logs()
        run.check_exact()
    sys.stdout.write(f"deaths: {run.supervisor.deaths}\n")
    assert [] == run.supervisor.deaths
    assert "Traceback" not in logs


def test_every_role_ends_while_the_database_is_frozen(
    everything: Installation, events: EventWorld, server: TimescaleServer
) -> None:
    """SIGTERM is heard, and nothing that was in hand is lost."""
    with FaultRun(everything, events, roles=dict.fromkeys(ROLES, 1)) as run:
        run.supervisor.wait_ready()
        for silent_s in (0.0, 6.0):
            with frozen(server):
                run.linger(silent_s)
                places = [run.supervisor.of(role)[0] for role in ROLES]
                begun_s = time.monotonic()
                for place in places:
                    place.running.send(signal.SIGTERM)
                for place in places:
                    assert EXIT_OK == place.running.wait(STOP_S), place.running.log_tail()
                    sys.stdout.write(f"{place.role} ended within {time.monotonic() - begun_s:.1f} s\n")
                assert time.monotonic() - begun_s <= STOP_S
            for place in places:
                run.supervisor.restart(place)
            run.await_growth(deadline_s=RECOVERY_S)
        run.check_exact()
