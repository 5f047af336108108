"""Which positions a book of grants lets through: by carrier, time and place."""

import numpy as np
import pytest

from naive import Geometry
from processors.carrier_names import NOBODY, carrier_digest
from processors.grants import (
    NEVER_ENDS_US,
    Grant,
    GrantBook,
    Place,
    grants_by_number,
)
from processors.zone_index_build import IndexedZone

SQUARE: Geometry = [[[(5.0, 52.0), (5.1, 52.0), (5.1, 52.1), (5.0, 52.1)]]]
ANY = Grant("Carrier X", None, 0, NEVER_ENDS_US)


def granted(book: GrantBook, carrier: str | None, event_us: int = 50, lon: float = 5.05) -> bool:
    """Tell whether one position may be taken."""
    digest = np.array([NOBODY if carrier is None else carrier_digest(carrier)], np.uint64)
    place = Place(np.array([event_us]), np.array([lon]), np.array([52.05]))
    return bool(book.granted(digest, place)[0])


def test_without_a_grant_nothing_is_taken() -> None:
    """Of nobody, of another carrier, and of positions that name none."""
    assert not granted(GrantBook([]), "Carrier X")
    assert not granted(GrantBook([ANY]), "Carrier Y")
    assert not granted(GrantBook([ANY]), None)
    assert granted(GrantBook([ANY]), "Carrier X")


@pytest.mark.parametrize("name", ["", " "])
def test_a_grant_of_nobody_grants_nothing(name: str) -> None:
    """Positions that name no carrier are not those of a carrier without a name."""
    assert not granted(GrantBook([ANY._replace(carrier=name)]), None)


@pytest.mark.parametrize("name", ["carrier x", " CARRIER  X ", "Carrier\tX"])
def test_a_carrier_is_known_by_its_name_however_it_is_spelled(name: str) -> None:
    """Capitals and spaces are no other carrier."""
    assert granted(GrantBook([ANY]), name)


@pytest.mark.parametrize(("event_us", "expected"), [(9, False), (10, True), (19, True), (20, False)])
def test_a_grant_holds_in_its_period(event_us: int, *, expected: bool) -> None:
    """Its end is the first moment after it."""
    assert expected == granted(GrantBook([ANY._replace(from_us=10, until_us=20)]), "carrier x", event_us)


@pytest.mark.parametrize(("lon", "expected"), [(4.99, False), (5.05, True), (5.11, False), (5.25, False)])
def test_a_grant_holds_in_its_zones(lon: float, *, expected: bool) -> None:
    """Another zone, and a zone without a shape, are not among them."""
    other = [[[(x + 0.2, y) for x, y in ring] for ring in polygon] for polygon in SQUARE]
    book = GrantBook(
        [ANY._replace(zones=frozenset({4, 99}))], [IndexedZone(4, SQUARE), IndexedZone(5, other)]
    )

    assert expected == granted(book, "carrier x", lon=lon)


def test_any_of_several_grants_is_enough() -> None:
    """One everywhere for a while, one in a zone for good."""
    grants = [ANY._replace(from_us=10, until_us=20), ANY._replace(zones=frozenset({4}))]
    book = GrantBook(grants, [IndexedZone(4, SQUARE)])

    assert [True, True, False] == [
        granted(book, "carrier x", 15, 6.0),
        granted(book, "carrier x", 50, 5.05),
        granted(book, "carrier x", 50, 6.0),
    ]


def test_rows_of_many_carriers_are_told_apart() -> None:
    """Each by the grants of its own."""
    book = GrantBook([Grant("a", None, 0, 100), Grant("c", None, 0, 10)])
    carrier = np.array([carrier_digest(name) for name in ("a", "b", "c", "", "a")], np.uint64)
    place = Place(np.array([50, 50, 50, 50, 200]), np.full(5, 5.0), np.full(5, 52.0))

    assert [True, False, False, False, False] == book.granted(carrier, place).tolist()


def test_a_zone_without_a_number_is_nowhere() -> None:
    """It does not make the grant one for everywhere."""
    rows = [("a", None, 1, None), ("b", ["x", "gone"], 2, 3), ("c", ["gone"], 2, 3)]

    assert [
        Grant("a", None, 1, NEVER_ENDS_US),
        Grant("b", frozenset({7}), 2, 3),
        Grant("c", frozenset(), 2, 3),
    ] == grants_by_number(rows, {"x": 7})
