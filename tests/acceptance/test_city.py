"""A million positions and fifty thousand detections over 400 zones, through real Kafka into TimescaleDB."""

import difflib
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from sinks.connection import open_connection
from sinks.doctor import conservation
from tests.acceptance.conftest import REORDER_US, CityLog, NewInstallation
from tests.faults.event_check import amiss_by_carrier
from tests.faults.fault_run import new_random
from tests.faults.figures_table import differences, feed_counts, read_cells, rows_by_minute, table_texts
from tests.faults.installation import Installation
from tests.faults.progress import has_all
from tests.faults.raw_topics import ANPR, FMS
from tests.faults.supervisor import Supervisor
from tests.faults.waiting import wait_until

pytestmark = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
]  # the oracle of a million rows takes ten minutes on a slow machine

FAULTED_S = 300.0
KILLS = (
    ("aggregate", "flush-after-commit:3"),
    ("aggregate", "flush-before-commit:2"),
    ("aggregate", "flush-after-offsets:4"),
    ("intake", "intake-after-produce:4"),
    ("intake", "intake-before-commit:2"),
)


def test_no_cell_differs_from_the_oracle(plain_run: Installation, city_log: CityLog) -> None:
    """Slot, hour and day, every figure of every cell."""
    check_cells(plain_run, city_log)


def test_every_row_is_accounted_for(plain_run: Installation, city_log: CityLog) -> None:
    """Taken, late, out of order, duplicate or rejected: together what was sent, in the minute that it arrived."""
    check_counts(plain_run, city_log)


def test_visits_are_conserved(plain_run: Installation, city_log: CityLog) -> None:
    """Entries and appearances less exits and disappearances are the open visits, here and in the oracle.

    So are vehicles: those of all carriers of a cell are those of the cell.
    """
    with open_connection(plain_run.database_url, application_name="test") as connection:
        law = conservation(connection)
        amiss = amiss_by_carrier(connection)

    assert law.holds
    assert [] == amiss
    assert city_log.expected.open_visits == law.open_visits


def test_many_processes_and_faults_change_no_cell(
    new_installation: NewInstallation,
    city_log: CityLog,
    load_city: Callable[[Installation], None],
    plain_texts: dict[str, bytes],
) -> None:
    """Three aggregates and two intakes that are killed and replaced while they work: the same rows."""
    installation = new_installation(
        {"DULS_INTAKE_BATCH_MESSAGES": "4000", "DULS_FLUSH_MS": "300", "DULS_INTAKE_COMMIT_MS": "300"}
    )
    load_city(installation)
    random = new_random()
    supervisor = Supervisor(installation)
    supervisor.plan(random.sample(KILLS, len(KILLS)))
    supervisor.scale("aggregate", 3)
    supervisor.scale("intake", 2)
    wait_until(
        lambda: (
            len(supervisor.deaths) == len(KILLS) and has_all(installation, city_log.ends, after_us=REORDER_US)
        ),
        "every failpoint is reached, and everything that was sent is taken",
        deadline_s=FAULTED_S,
        tend=supervisor.tend,
    )
    supervisor.stop_all()
    sys.stdout.write(f"deaths on the way: {supervisor.deaths}\n")

    assert len(KILLS) == len(supervisor.deaths)
    check_cells(installation, city_log)
    check_counts(installation, city_log)
    assert same_rows(plain_texts, table_texts(installation.database_url))


def test_reading_the_topic_again_gives_the_same_bytes(
    new_installation: NewInstallation,
    city_log: CityLog,
    load_city: Callable[[Installation], None],
    plain_texts: dict[str, bytes],
) -> None:
    """Another database, other batches, fetches and flushes, partitions in another order: equal to the byte."""
    client = '{"fetch.message.max.bytes": 100000, "queued.min.messages": 500, "session.timeout.ms": 6000}'
    installation = new_installation(
        {
            "DULS_INTAKE_BATCH_MESSAGES": "777",
            "DULS_INTAKE_PROGRESS_MS": "40",
            "DULS_FLUSH_MS": "2300",
            "DULS_SNAPSHOT_REPLAY_S": "0.2",
            "DULS_KAFKA_CLIENT": client,
        }
    )
    load_city(installation)
    roles = [installation.start(role, "--until-drained") for role in ("aggregate", "intake")]
    for role in roles:
        assert role.wait(FAULTED_S) == 0, role.log_tail()

    assert has_all(installation, city_log.ends, after_us=REORDER_US)
    assert same_rows(plain_texts, table_texts(installation.database_url))


def check_cells(installation: Installation, city_log: CityLog) -> None:
    """Compare all cells with the oracle; `distance_um` too, since both round each link in the same way."""
    found = read_cells(installation.database_url)
    different = differences(city_log.expected.cells, found)
    sizes = ", ".join(f"{len(cells)} {grain}" for grain, cells in found.items())
    sys.stdout.write(f"{len(different)} of {sizes} cells differ\n")

    assert [] == different[:5]


def check_counts(installation: Installation, city_log: CityLog) -> None:
    """Compare what became of the rows with the oracle, and with what was sent."""
    counts = feed_counts(installation.database_url)
    sys.stdout.write(f"{ {source: dict(count) for source, count in counts.items()} }\n")

    assert {source: +count for source, count in city_log.expected.counts.items()} == {
        source: +count for source, count in counts.items()
    }
    assert city_log.given.rows == {source: _fates(counts[source]) for source in (FMS, ANPR)}
    assert city_log.expected.minutes == rows_by_minute(installation.database_url)


def _fates(count: Counter[str]) -> int:
    """Return how many rows came to an end of any kind."""
    return sum(amount for name, amount in count.items() if name != "accepted")


def same_rows(first: dict[str, bytes], second: dict[str, bytes]) -> bool:
    """Tell whether all tables are equal to the byte, naming those that are not."""
    different = [table for table in first if first[table] != second[table]]
    for table in different:
        lines = first[table].splitlines(), second[table].splitlines()
        changes = list(
            difflib.unified_diff(*(list(map(bytes.decode, some)) for some in lines), lineterm="", n=0)
        )
        sys.stdout.write("\n".join([table, *changes[:20], ""]))
    sys.stdout.write(
        f"{sum(map(len, first.values()))} bytes of {len(first)} tables, different: {different or 'none'}\n"
    )
    return not different
