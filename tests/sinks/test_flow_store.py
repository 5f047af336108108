"""Tests of the store: exactly once whatever becomes of the connection."""

from collections.abc import Callable
from uuid import UUID

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from duls.errors import FencedError, ServiceAwayError
from sinks.claims import claim
from sinks.connection import Connection
from sinks.doctor import gaps
from sinks.flow_store import DataGap, FlowStore
from sinks.flush_parts import Cursor, Flush, OpenVisits, Snapshot
from sinks.patience import Patience
from tests.sinks.cutting_proxy import CuttingProxy
from tests.sinks.flush_values import RAW, SLOT_S, START_US, TOPIC, advance, cells, now_columns

pytestmark = pytest.mark.services

PLACES = ("flush-before-transaction", "flush-after-offsets", "flush-before-commit", "flush-after-commit")


def once_at(place: str, action: Callable[[], object]) -> Callable[[str], None]:
    """Return a failpoint that does something the first time that a place is passed."""
    done: list[str] = []

    def passed(name: str) -> None:
        """Act at the place, once."""
        if name == place and not done:
            done.append(name)
            action()

    return passed


def observations(connection: Connection) -> int:
    """Return the sum over all slots."""
    row = connection.execute("SELECT coalesce(sum(observations), 0)::bigint FROM core.flow_slot").fetchone()
    return int(row[0]) if row else 0


def end_sessions(connection: Connection) -> None:
    """End the server's side of every session of a store."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'duls aggregate' "
        "AND datname = current_database()"
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_session_that_ends_anywhere_is_counted_once(
    figures_url: str, connection: Connection, place: str
) -> None:
    """The store reconnects, finds out what happened, and goes on; the next flush works too."""
    failpoint = once_at(place, lambda: end_sessions(connection))
    with FlowStore(figures_url, patience=Patience(20.0), failpoint=failpoint) as store:
        claims = store.claim(TOPIC, [0], {0: 0})
        store.flush(Flush([advance(claims, 0, 0, 4)], SLOT_S, cells([1, 2], START_US)))
        store.flush(Flush([advance(claims, 0, 4, 9)], SLOT_S, cells([1], START_US)))

    assert observations(connection) == 3


@pytest.mark.parametrize("place", ["flush-after-offsets", "flush-before-commit"])
def test_a_process_that_sleeps_within_a_flush_blocks_nobody_for_long(
    figures_url: str, connection: Connection, place: str
) -> None:
    """The server ends a session that holds locks and says nothing; the flush is tried again when it wakes."""

    def sleep() -> None:
        """Do nothing until the offset can be locked by another process."""
        connection.execute("SET lock_timeout = '20s'")
        connection.execute("SELECT FROM core.observation_offset FOR UPDATE")

    with FlowStore(figures_url, patience=Patience(20.0), failpoint=once_at(place, sleep)) as store:
        claims = store.claim(TOPIC, [0], {0: 0})
        store.flush(Flush([advance(claims, 0, 0, 4)], SLOT_S, cells([1], START_US)))

    assert observations(connection) == 1


@pytest.mark.parametrize("following", [0, 4])
def test_a_commit_whose_answer_is_lost_is_not_repeated(
    figures_url: str, connection: Connection, following: int
) -> None:
    """The server has committed, the client does not know: also where the offset stands still."""
    server = conninfo_to_dict(figures_url)
    with CuttingProxy(str(server["host"]), int(str(server["port"]))) as proxy:
        url = make_conninfo(figures_url, host="127.0.0.1", port=proxy.port)
        failpoint = once_at("flush-before-commit", proxy.lose_next_answer)
        with FlowStore(url, patience=Patience(20.0), failpoint=failpoint) as store:
            claims = store.claim(TOPIC, [0], {0: 0})
            store.flush(Flush([advance(claims, 0, 0, following)], SLOT_S, cells([1], START_US)))

    assert proxy.cuts == 1
    assert observations(connection) == 1


def test_a_partition_taken_over_while_the_outcome_is_unknown_is_fenced(
    figures_url: str, connection: Connection
) -> None:
    """What became of the flush does not matter any more: the new owner starts from the database."""

    def lose_both() -> None:
        """Lose the session, and the partition to another process."""
        end_sessions(connection)
        claim(connection, TOPIC, [0], {0: 0})

    failpoint = once_at("flush-before-commit", lose_both)
    with FlowStore(figures_url, patience=Patience(20.0), failpoint=failpoint) as store:
        claims = store.claim(TOPIC, [0], {0: 0})
        with pytest.raises(FencedError, match="another process"):
            store.flush(Flush([advance(claims, 0, 0, 4)], SLOT_S, cells([1], START_US)))

    assert observations(connection) == 0


@pytest.mark.parametrize("error", [psycopg.errors.DeadlockDetected, psycopg.errors.DiskFull])
def test_a_deadlock_or_a_full_disk_is_tried_again(
    figures_url: str, connection: Connection, error: type[Exception]
) -> None:
    """The transaction was rolled back, so it runs again."""

    def fail() -> None:
        """Fail as the server does."""
        raise error

    with FlowStore(
        figures_url, patience=Patience(20.0), failpoint=once_at("flush-before-commit", fail)
    ) as store:
        claims = store.claim(TOPIC, [0], {0: 0})
        store.flush(Flush([advance(claims, 0, 0, 4)], SLOT_S, cells([1], START_US)))

    assert observations(connection) == 1


def test_each_attempt_is_told_of(figures_url: str) -> None:
    """An outage is seen while it lasts, not only when the patience is over."""
    told: list[bool] = []

    def fail() -> None:
        """Fail as the server does when its disk is full."""
        raise psycopg.errors.DiskFull

    failpoint = once_at("flush-before-commit", fail)
    with FlowStore(figures_url, patience=Patience(20.0), failpoint=failpoint, tell=told.append) as store:
        claims = store.claim(TOPIC, [0], {0: 0})
        store.flush(Flush([advance(claims, 0, 0, 4)], SLOT_S, cells([1], START_US)))

    assert [True, False, True] == told


def test_a_database_that_stays_away_is_given_up() -> None:
    """The patience ends in one error that names the reason."""
    with (
        FlowStore("postgresql://127.0.0.1:1/none", patience=Patience(0.2)) as store,
        pytest.raises(ServiceAwayError, match=r"gave up after \d+ attempts.*last error: connection"),
    ):
        store.load_cursors(TOPIC, 0)


def test_stopping_ends_the_waiting() -> None:
    """A process that is told to stop does not wait for its database."""
    waits: list[float] = []
    patience = Patience(3600.0, should_stop=lambda: True, sleep=waits.append)

    with (
        FlowStore("postgresql://127.0.0.1:1/none", patience=patience) as store,
        pytest.raises(ServiceAwayError, match="after 1 attempts"),
    ):
        store.load_cursors(TOPIC, 0)

    assert [] == waits


def test_what_a_flush_stored_is_loaded(store: FlowStore) -> None:
    """Snapshot and cursors come back as they were given."""
    claims = store.claim(TOPIC, [0], {0: 3})
    cursors = [Cursor(TOPIC, 0, RAW, partition, 0, 2**40, 7, START_US) for partition in (0, 1)]
    snapshot = Snapshot(TOPIC, 0, 9, 2, bytes(range(256)) * 50_000)

    store.flush(Flush([advance(claims, 0, 3, 9)], SLOT_S, cursors=cursors, snapshots=[snapshot]))

    assert snapshot == store.load_snapshot(TOPIC, 0)
    assert cursors == store.load_cursors(TOPIC, 0)
    assert store.load_snapshot(TOPIC, 1) is None
    again = store.claim(TOPIC, [0], {0: 3})[0]
    assert 9 == again.next_offset
    assert claims[0].epoch < again.epoch


def test_what_a_partition_has_inside_is_loaded(store: FlowStore) -> None:
    """Vehicles in zones and open visits, of one partition; nothing where nothing was stored."""
    claims = store.claim(TOPIC, [0, 1], {0: 0, 1: 0})
    now = now_columns([7, 0, 9], [0, 2, 1])
    parts = Flush(
        [advance(claims, 0, 0, 9), advance(claims, 1, 0, 9)],
        SLOT_S,
        now=now,
        open_visits=[OpenVisits(0, 3), OpenVisits(1, 4)],
    )

    store.flush(parts)

    loaded = store.load_now(0)
    assert sorted(zip(*now, strict=True)) == sorted(zip(*loaded, strict=True))
    assert [column.dtype for column in now] == [column.dtype for column in loaded]
    assert 3 == store.load_open_visits(0)
    assert 0 == store.load_now(1).zone_no.size
    assert 0 == store.load_open_visits(2)


def test_figures_tell_how_far_they_are(store: FlowStore) -> None:
    """As far as the last of the observation partitions is, and of the topic that there is now."""
    claims = store.claim(TOPIC, [0, 1], {0: 0, 1: 0})
    cursors = [Cursor(TOPIC, number, RAW, 3, 0, offset, 0, START_US) for number, offset in ((0, 70), (1, 60))]
    store.flush(Flush([advance(claims, 0, 0, 9), advance(claims, 1, 0, 9)], SLOT_S, cursors=cursors))

    assert 60 == store.counted_to(TOPIC, RAW.bytes, 3)
    assert store.counted_to(TOPIC, RAW.bytes, 4) is None
    assert store.counted_to(UUID(int=99), RAW.bytes, 3) is None
    assert store.counted_to(TOPIC, UUID(int=99).bytes, 3) is None


def test_a_gap_is_recorded_once(store: FlowStore, connection: Connection) -> None:
    """Noticing it again after a restart changes nothing."""
    gap = DataGap(UUID(int=5), 3, 10, 20)
    store.record_gap(gap)
    store.record_gap(gap)

    assert [gap] == [noticed.gap for noticed in gaps(connection)]
