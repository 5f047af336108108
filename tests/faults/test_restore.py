"""The restore drill: a backup taken under load, the database destroyed, restored, and input that never stopped."""

import signal
import sys
from collections.abc import Iterator
from typing import Final

import psycopg
import pytest

from sinks.embedded_database import create_database, drop_database
from tests.deploy.backup_scripts import BackupScripts, backup_scripts
from tests.faults.epochs import epochs_of
from tests.faults.fault_run import FaultRun
from tests.faults.installation import Installation
from tests.faults.unit_events import EventWorld
from tests.faults.waiting import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("debian")]

BACK_S: Final = 120.0
MORE_ROWS: Final = 3_000
LEFT_OUT: Final = ("core.snapshot", "core.snapshot_chunk")


@pytest.fixture
def scripts() -> Iterator[BackupScripts]:
    """Give the scripts of deploy/backup."""
    with backup_scripts() as made:
        yield made


def rows_of(url: str, table: str) -> int:
    """Count the rows of a table."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()  # noqa: S608  # our own names
    return int(row[0]) if row else 0


def kill_all(run: FaultRun) -> None:
    """Let every process die at once, for good."""
    for place in run.supervisor.places:
        place.is_wanted = False
        place.running.send(signal.SIGKILL)
    for place in run.supervisor.places:
        place.running.wait(10.0)


def test_a_restored_database_goes_on_exactly(
    squares: Installation, events: EventWorld, scripts: BackupScripts
) -> None:
    """Offsets and figures rewind together, so the log brings what came after the backup, once."""
    url = squares.database_url
    with FaultRun(squares, events) as run:
        run.monitor.wait_for_growth(MORE_ROWS, deadline_s=BACK_S, tend=run.supervisor.tend)
        wait_until(
            lambda: rows_of(url, "core.flow_slot"),
            "figures of a slot are stored",  # positions are stored before, while reorder holds them
            deadline_s=BACK_S,
            tend=run.supervisor.tend,
        )
        backup = scripts.backup(url)
        run.supervisor.restart(run.supervisor.of("aggregate")[0])
        run.monitor.wait_for_growth(MORE_ROWS, deadline_s=BACK_S, tend=run.supervisor.tend)
        lost = run.monitor.rows
        told_epoch = max(epochs_of(url).values())
        kill_all(run)
        drop_database(url)
        create_database(url.rpartition("/")[0] + "/postgres", url.rpartition("/")[2])
        said = scripts.restore(url, backup)
        kept = rows_of(url, "core.flow_slot")
        snapshots = [rows_of(url, table) for table in LEFT_OUT]
        squares.migrate()
        run.supervisor.scale("intake", 1)
        run.supervisor.scale("aggregate", 2)
        run.monitor.wait_for_growth(MORE_ROWS, deadline_s=BACK_S, tend=run.supervisor.tend)
        run.check_exact()
        epoch = min(epochs_of(url).values())
    sys.stdout.write(f"{lost} rows before the loss, {kept} slots restored\n")

    assert "duls migrate" in said
    assert 0 < kept
    assert [0, 0] == snapshots
    assert told_epoch < epoch, "who sums partial counts takes those from before the loss for newer"
