"""Tests of references of vehicles: kept over restarts, shared by processes, forgotten when nobody tells them."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from processors.registrations import Registrations
from sinks.connection import Connection
from sinks.patience import Patience
from sinks.references import ReferenceStore
from sinks.retention import DAY_S, Retention, sweep

pytestmark = pytest.mark.services


def told(*references: tuple[int, int, int]) -> Registrations:
    """Return references by a number, each with class and emission."""
    number, vehicle_class, emission = (list(column) for column in zip(*references, strict=True))
    return Registrations(
        np.array(number, np.uint64),
        np.array([2**64 - 1] * len(number), np.uint64),
        np.array(vehicle_class, np.uint8),
        np.array(emission, np.uint8),
    )


def listed(registrations: Registrations) -> set[tuple[int, ...]]:
    """Return references by their number."""
    number, low, *what = (column.tolist() for column in registrations)
    assert all(half == 2**64 - 1 for half in low)
    return set(zip(number, *what, strict=True))


NewStore = Callable[..., ReferenceStore]


@pytest.fixture
def new_store(figures_url: str) -> Iterator[NewStore]:
    """Give what makes the references of a process."""
    made: list[ReferenceStore] = []

    def make(most: int = 100) -> ReferenceStore:
        """Return references of which so many are read at once."""
        made.append(ReferenceStore(figures_url, most=most, patience=Patience(20.0)))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def store(new_store: NewStore) -> ReferenceStore:
    """Give the references of a process."""
    return new_store()


def test_what_one_process_keeps_another_hears(store: ReferenceStore, new_store: NewStore) -> None:
    """At its start all of it, later what is new, the last word of each."""
    other = new_store()
    store.keep(told((1, 4, 0), (2**63, 5, 1), (1, 3, 1)))

    first = other.news()
    store.keep(told((2**63, 5, 2)))

    assert {(1, 3, 1), (2**63, 5, 1)} == listed(first)
    assert {(2**63, 5, 2)} <= listed(other.news())


def test_only_so_many_are_read_the_newest_ones(store: ReferenceStore, new_store: NewStore) -> None:
    """A book has a capacity."""
    for number in range(5):
        store.keep(told((number, 4, 0)))

    small = new_store(most=2)

    assert {(3, 4, 0), (4, 4, 0)} == listed(small.news())


def test_what_is_told_again_is_not_written_again_the_same_day(
    store: ReferenceStore, connection: Connection
) -> None:
    """Vehicles are told of again and again, and the table must not churn."""
    store.keep(told((1, 4, 0)))
    before = connection.execute("SELECT xmin FROM core.vehicle_reference").fetchall()
    store.keep(told((1, 4, 0)))
    same = connection.execute("SELECT xmin FROM core.vehicle_reference").fetchall()
    connection.execute("UPDATE core.vehicle_reference SET told_at = told_at - interval '2 days'")
    store.keep(told((1, 4, 0)))

    assert before == same
    assert [(True,)] == connection.execute(
        "SELECT told_at > now() - interval '1 hour' FROM core.vehicle_reference"
    ).fetchall()


def test_nobody_tells_them_any_more_and_they_go(store: ReferenceStore, connection: Connection) -> None:
    """After ninety days."""
    store.keep(told((1, 4, 0), (2, 4, 0)))
    connection.execute(
        "UPDATE core.vehicle_reference SET told_at = now() - interval '90 days 1 minute' "
        "WHERE get_byte(reference_hash, 7) = 1"
    )
    rows = connection.execute("SELECT core.microseconds(now())").fetchall()
    assert 90 * DAY_S == Retention().reference_s

    sweep(connection, Retention(), rows[0][0])

    assert [(1,)] == connection.execute("SELECT count(*) FROM core.vehicle_reference").fetchall()


def test_nothing_is_kept_of_nothing(store: ReferenceStore) -> None:
    """A batch that tells nothing."""
    store.keep(Registrations(*(np.empty(0, kind) for kind in (np.uint64, np.uint64, np.uint8, np.uint8))))

    assert set() == listed(store.news())
