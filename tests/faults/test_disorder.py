"""Row 8: whatever arrives within the time for reordering is put in order, and repeats count once."""

import sys
import time
from collections import Counter

import pytest

from naive import Cell, CellKey, PositionRow, Settings, run_positions
from tests.faults.conftest import NewInstallation
from tests.faults.fault_run import new_random
from tests.faults.figures_table import differences, feed_counts, read_cells
from tests.faults.moving_city import positions_between, prepare, small_city
from tests.faults.raw_oracle import geometries, rows_of
from tests.faults.raw_topics import FMS, Outgoing, RawRecord, read_back, send

pytestmark = [pytest.mark.services, pytest.mark.slow]

MORNING_US = 1_795_503_600_000_000  # 2026-11-24 08:00 local time
LENGTH_US = 1_800_000_000
VEHICLES = 300
INTERVAL_S = 8.0
REORDER_S = 30
REPEATED = 0.1
DRAINED_S = 240.0

Cells = dict[str, dict[CellKey, Cell]]


def test_a_shuffled_log_with_repeats_equals_the_sorted_one_without(
    new_installation: NewInstallation,
) -> None:
    """A tenth sent twice, all in random order: the figures of the oracle that reads every row once, in order."""
    random = new_random()
    city = small_city(VEHICLES)
    shift_us = time.time_ns() // 1_000_000 * 1_000 - LENGTH_US - MORNING_US
    rows = positions_between(
        city, MORNING_US, MORNING_US + LENGTH_US, interval_s=INTERVAL_S, shift_us=shift_us
    )
    repeats = random.sample(rows, int(len(rows) * REPEATED))
    shuffled = random.sample([*rows, *repeats], len(rows) + len(repeats))
    installation = new_installation({"DULS_REORDER_S": str(REORDER_S)})
    prepare(installation, city)
    partitions = installation.partitions
    send(
        installation.bootstrap_servers,
        (Outgoing(FMS, random.randrange(partitions), row.value) for row in shuffled),
    )
    arrivals = [record.arrival_us for record in read_back(installation.bootstrap_servers, FMS, partitions)]
    assert max(arrivals) - min(arrivals) < REORDER_S * 1_000_000, "sending took too long to be repaired"
    roles = [installation.start(role, "--until-drained") for role in ("intake", "aggregate")]
    for role in roles:
        assert role.wait(DRAINED_S) == 0, role.log_tail()

    sorted_rows = rows_of(
        RawRecord(FMS, 0, number, max(arrivals), row.value) for number, row in enumerate(rows)
    ).positions
    expected = oracle(sorted_rows, geometries(city), max(arrivals))
    found = read_cells(installation.database_url)
    counts = feed_counts(installation.database_url)[FMS]
    sys.stdout.write(f"{len(shuffled)} rows, {len(found['slot'])} slot cells, {dict(counts)}\n")

    assert [] == differences(without_late(expected), without_late(found))[:5]
    assert Counter(accepted=len(shuffled), taken=len(rows), duplicates=len(repeats)) == +counts


def oracle(rows: list[PositionRow], zones: dict[str, object], newest_us: int) -> Cells:
    """Return the cells of rows once all of them are due."""
    settings = Settings(reorder_s=REORDER_S)
    return run_positions(rows, zones, settings, stream_us=newest_us + REORDER_S * 1_000_000 + 1).cells  # type: ignore[arg-type]  # as geometries


def without_late(cells: Cells) -> Cells:
    """Return the figures without `late`, which tells when the first copy arrived."""
    return {
        grain: {key: {**cell, "late": 0} for key, cell in found.items()} for grain, found in cells.items()
    }
