"""Rows 5 and 6: the database and the broker go away and come back; connections break while they commit."""

import os
import signal
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from duls.errors import EXIT_SERVICE_AWAY
from tests.faults.alert_world import await_ready, start_alert
from tests.faults.commit_cutter import CommitCutter
from tests.faults.fault_run import SOAK_VARIABLE, FaultRun, new_random, times
from tests.faults.installation import Installation
from tests.faults.unit_events import EventWorld
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

AFTER_DATABASE_S = (
    15.0 if os.environ.get("DULS_TEST_SOAK") == "1" else 30.0
)  # flowing again after the database returned
AFTER_BROKER_S = 60.0
RECOVERY_S = 60.0
LONG_S = 120.0  # beyond every time-out of clients, which are at most a minute
REFUSED_S = 60.0  # within which a role that cannot begin ends


def flowing_after(
    run: FaultRun, outage: Callable[[], None], length_s: float, end: Callable[[], None]
) -> float:
    """Cause an outage, end it, and return after how many seconds rows are stored again."""
    outage()
    run.linger(length_s)
    end()
    took_s = run.await_growth(deadline_s=RECOVERY_S)
    sys.stdout.write(f"flowing {took_s:.1f} s after the return\n")
    return took_s


def test_a_database_that_dies_and_returns_costs_nothing(
    squares: Installation, events: EventWorld, server: TimescaleServer
) -> None:
    """Ended without a checkpoint, in the middle of flushes; figures grow again within fifteen seconds."""
    random = new_random()
    with FaultRun(squares, events) as run:
        took_s = [
            flowing_after(run, server.kill, random.uniform(0.0, 4.0), server.start)
            for _ in range(times(2, 5))
        ]
        run.check_exact()
    assert max(took_s) <= AFTER_DATABASE_S


def test_a_connection_that_breaks_during_commit_counts_once(
    squares: Installation, events: EventWorld
) -> None:
    """The server commits and the answer is lost: aggregate finds out instead of repeating."""
    server = urlsplit(squares.database_url)
    assert server.hostname is not None
    assert server.port is not None
    with CommitCutter(server.hostname, server.port) as cutter:
        netloc = f"{server.username}:{server.password}@127.0.0.1:{cutter.port}"
        squares.variables["DULS_DATABASE_URL"] = server._replace(netloc=netloc).geturl()
        with FaultRun(squares, events) as run:
            for cut in range(1, times(4, 20) + 1):
                cutter.lose_next_commit()
                wait_until(
                    lambda cut=cut: cutter.cuts >= cut,  # type: ignore[misc]  # bound now
                    "a commit is cut",
                    deadline_s=RECOVERY_S,
                    tend=run.supervisor.tend,
                )
                run.await_growth(deadline_s=AFTER_DATABASE_S)
            run.check_exact()


def test_a_broker_that_dies_and_returns_costs_nothing(
    squares: Installation, events: EventWorld, broker: KafkaServer
) -> None:
    """Killed and stopped in order; within a minute of its return figures grow again."""
    outages = [broker.kill, broker.stop, broker.kill][: times(2, 3)]
    with FaultRun(squares, events) as run:
        run.supervisor.tolerate_outages()
        took_s = [flowing_after(run, outage, 1.0, broker.start) for outage in outages]
        run.check_exact()
    assert max(took_s) <= AFTER_BROKER_S


@pytest.mark.skipif(not os.environ.get(SOAK_VARIABLE), reason="takes minutes: make soak")
def test_a_broker_that_stays_away_is_waited_for_and_ends_whoever_begins(
    squares: Installation, events: EventWorld, broker: KafkaServer
) -> None:
    """Roles that run wait or end with 69, those that start end with it, and its return costs nothing."""
    with FaultRun(squares, events) as run:
        run.supervisor.tolerate_outages()
        alert = start_alert(squares, "alert")
        await_ready(alert)
        broker.kill()
        beginning = [squares.start(role, log=f"late-{role}") for role in ("intake", "aggregate", "alert")]
        for process in beginning:
            assert process.wait(REFUSED_S) == EXIT_SERVICE_AWAY, process.log_tail()
            assert "is the broker running and reachable?" in process.log_text()
        run.linger(LONG_S)
        sys.stdout.write(f"ended meanwhile: {run.supervisor.deaths}, alert: {alert.exit_code}\n")
        assert alert.exit_code in (None, EXIT_SERVICE_AWAY), alert.log_tail()
        broker.start()
        assert run.await_growth(deadline_s=RECOVERY_S) <= AFTER_BROKER_S
        if alert.exit_code is not None:
            await_ready(start_alert(squares, "alert"))
        run.check_exact()


def test_stopping_while_the_database_is_away_loses_nothing(
    squares: Installation, events: EventWorld, server: TimescaleServer
) -> None:
    """A flush that was given up is not repeated without its figures when the database returns during the stop."""
    with FaultRun(squares, events) as run:
        aggregate = run.supervisor.of("aggregate")[0]
        for _ in range(times(1, 5)):
            server.kill()
            run.linger(2.0)
            aggregate.running.send(signal.SIGTERM)
            server.start()
            run.supervisor.restart(aggregate)
            run.await_growth(deadline_s=RECOVERY_S)
        run.check_exact()
