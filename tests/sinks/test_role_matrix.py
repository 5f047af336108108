"""Every role, every object, every verb: exactly what the checked-in table says."""

import os
from pathlib import Path

import pytest

from sinks.connection import open_connection
from sinks.migrate import migrate, migrate_keys
from tests.services.external import Database
from tests.sinks.role_matrix import as_csv, matrix_of

pytestmark = pytest.mark.services

TABLE = Path(__file__).parents[2] / "docs" / "roles.csv"
KEY = ", vehicle_class, zero_emission, source"
FIGURES = (
    "observations, vehicles, entries, exits, appearances, disappearances, dwell_us, visits, visit_us, stops, stop_us,"
    " distance_um, through, late"
)
ZEROS = ", ".join("0" * 14)
CELLS = (
    f"core.flow_slot (zone_no, slot_start, slot_s{KEY}, {FIGURES}) VALUES (1, now(), 300, 0, 0, 0, {ZEROS})",
    f"core.flow_hour (zone_no, hour_start{KEY}, {FIGURES}) VALUES (1, now(), 0, 0, 0, {ZEROS})",
    f"core.flow_day (zone_no, day{KEY}, {FIGURES}) VALUES (1, now(), 0, 0, 0, {ZEROS})",
    f"core.published_hour (zone_no, hour_start{KEY}, k, k_status) VALUES (1, now(), 0, 0, 0, 10, 1)",
    f"core.published_day (zone_no, day{KEY}, k, k_status) VALUES (1, now(), 0, 0, 0, 10, 1)",
    "core.published_od VALUES (1, 1, now(), 300, 0, 10, 1)",
)
"""A row in each hypertable, so that it has a chunk: a reader could go around a view to that."""


def test_roles_may_do_what_the_table_says_and_nothing_else(timescale: Database, database_url: str) -> None:
    """DULS_TEST_WRITE=1 writes the table anew; its difference is what to review."""
    keys_url = timescale.create_database(f"{database_url.rpartition('/')[2]}_keys")
    migrate(database_url)
    migrate_keys(keys_url)
    with open_connection(database_url, application_name="test") as connection:
        for cell in CELLS:
            connection.execute(b"INSERT INTO " + cell.encode())
        lines = matrix_of(connection)
    with open_connection(keys_url, application_name="test") as connection:
        lines += [line for line in matrix_of(connection) if line.name.startswith("keys")]

    if os.environ.get("DULS_TEST_WRITE") == "1":
        TABLE.write_text(as_csv(lines))
    assert TABLE.read_text() == as_csv(lines)
    assert 6 == sum(line.kind == "chunk" for line in lines)
