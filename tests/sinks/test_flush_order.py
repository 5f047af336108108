"""Tests of flushes at the same time: rows are locked in one order, and offsets are read when a flush has ended."""

from threading import Barrier, Thread

import psycopg
import pytest

from sinks.claims import Claim
from sinks.connection import Connection, open_connection
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush
from sinks.queries import query
from tests.sinks.flush_values import HOUR_US, SLOT_S, START_DAY, START_US, advance, cells, rows_of

pytestmark = pytest.mark.services


def test_rows_are_written_in_the_order_of_their_keys(
    connection: Connection, claims: dict[int, Claim]
) -> None:
    """Whatever the order given: processes that lock rows in different orders wait for each other for ever."""
    zones = list(range(400, 0, -1))
    slots, hours = cells(zones, START_US), cells(zones, START_US // HOUR_US * HOUR_US)

    flush(connection, Flush([advance(claims, 0, 0, 1)], SLOT_S, slots, hours, cells(zones, START_DAY)), 1)

    for table in ("flow_slot", "flow_hour", "flow_day"):
        written = rows_of(connection, f"SELECT zone_no FROM core.{table} ORDER BY tableoid, ctid")  # noqa: S608  # names of this file
        assert [(zone,) for zone in sorted(zones)] == written


def test_stored_offsets_are_read_after_a_flush_that_may_still_be_finishing(
    figures_url: str, connection: Connection, claims: dict[int, Claim]
) -> None:
    """Whoever has lost a connection during COMMIT must wait for the outcome, else it would count twice."""
    move = advance(claims, 0, 0, 1)
    asked = {"topic_id": move.topic_id, "partitions": [0]}
    with open_connection(figures_url, application_name="test") as other:
        other.execute("SET lock_timeout = '50ms'")

        def look(name: str) -> None:
            """Read the offsets while the transaction of the flush is open."""
            if name == "flush-before-commit":
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute(query("progress", "lock_offsets"), asked)

        flush(connection, Flush([move], SLOT_S), 1, look)

        assert [(0, 1)] == [row[:2] for row in other.execute(query("progress", "lock_offsets"), asked)]


def test_concurrent_flushes_of_the_same_cells_do_not_deadlock(
    figures_url: str, connection: Connection, claims: dict[int, Claim]
) -> None:
    """Rows given in opposite orders are locked in the same one."""
    zones = list(range(1, 400))
    rounds = 10
    together = Barrier(2)
    errors: list[Exception] = []

    def work(partition: int, order: list[int]) -> None:
        """Flush the cells of one process again and again."""
        with open_connection(figures_url, application_name="test") as own:
            prepare_session(own)
            for number in range(1, rounds + 1):
                together.wait(60)
                slots, hours = cells(order, START_US), cells(order, START_US // HOUR_US * HOUR_US)
                move = advance(claims, partition, number - 1, number)
                try:
                    flush(own, Flush([move], SLOT_S, slots, hours, cells(order, START_DAY)), number)
                except Exception as error:  # noqa: BLE001  # reported by the test
                    errors.append(error)

    threads = [Thread(target=work, args=(0, zones)), Thread(target=work, args=(1, zones[::-1]))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == errors
    assert [(2 * rounds * len(zones),)] == rows_of(
        connection, "SELECT sum(observations)::bigint FROM core.flow_slot"
    )
