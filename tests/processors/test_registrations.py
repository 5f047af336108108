"""The book of references: what it learns completes later positions, and its memory is bounded."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.columns import DecodedPositions
from processors.registrations import RegistrationBook, Registrations
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission

KEY = bytes(range(16))
UNKNOWN = (VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN)
Row = tuple[str, Outcome, tuple[VehicleClass, ZeroEmission]]


def decoded(rows: Sequence[Row]) -> DecodedPositions:
    """Return decoded rows of some identities."""
    names = [name.encode() for name, _, _ in rows]
    lengths = np.array([len(name) for name in names], np.int32)
    zeros = np.zeros(len(rows), np.int64)
    return DecodedPositions(
        record=zeros.astype(np.int32),
        index=zeros.astype(np.int32),
        outcome=np.array([outcome for _, outcome, _ in rows], np.uint8),
        event_us=zeros,
        lat=zeros.astype(float),
        lon=zeros.astype(float),
        vehicle_class=np.array([what[0] for _, _, what in rows], np.uint8),
        zero_emission=np.array([what[1] for _, _, what in rows], np.uint8),
        plate=zeros,
        carrier=zeros.astype(np.uint64),
        identity_start=np.cumsum(lengths, dtype=np.int64) - lengths,
        identity_length=lengths,
        identity=np.frombuffer(bytearray().join(names), np.uint8),
    )


def told(name: str, vehicle_class: VehicleClass, emission: ZeroEmission) -> Row:
    """Return a row that tells what a reference stands for."""
    return (name, Outcome.REGISTERED, (vehicle_class, emission))


def seen(name: str, what: tuple[VehicleClass, ZeroEmission] = UNKNOWN) -> Row:
    """Return an accepted position."""
    return (name, Outcome.ACCEPTED, what)


def completed(book: RegistrationBook, *rows: Row) -> list[tuple[int, int]]:
    """Return class and emission of rows once the book has completed them."""
    columns = decoded(rows)
    book.complete(columns)
    return list(zip(columns.vehicle_class.tolist(), columns.zero_emission.tolist(), strict=True))


def test_a_reference_is_completed_once_it_was_told() -> None:
    """Before that nothing is known of it, and of others nothing ever is."""
    book = RegistrationBook(KEY)

    before = completed(book, seen("a"))
    book.learn(decoded([told("a", VehicleClass.N2, ZeroEmission.YES), seen("b")]))

    assert [UNKNOWN] == before
    assert [(VehicleClass.N2, ZeroEmission.YES), UNKNOWN] == completed(book, seen("a"), seen("b"))


def test_what_a_position_says_itself_wins() -> None:
    """Only what is unknown is filled in; a car stays without emission."""
    book = RegistrationBook(KEY)
    book.learn(decoded([told("a", VehicleClass.N2, ZeroEmission.YES)]))

    found = completed(
        book,
        seen("a", (VehicleClass.N3, ZeroEmission.UNKNOWN)),
        seen("a", (VehicleClass.UNKNOWN, ZeroEmission.NO)),
        seen("a", (VehicleClass.M1, ZeroEmission.UNKNOWN)),
        ("a", Outcome.BAD_TIME, UNKNOWN),
    )

    assert [(5, 0), (4, 1), (0, 2), UNKNOWN] == found


def test_the_newest_word_counts_and_only_news_is_news() -> None:
    """What is said again is not stored again."""
    book = RegistrationBook(KEY)
    rows = [told("a", VehicleClass.N1, ZeroEmission.NO), told("b", VehicleClass.N2, ZeroEmission.NO)]

    first = book.learn(decoded(rows))
    again = book.learn(decoded(rows))
    changed = book.learn(decoded([told("a", VehicleClass.N1, ZeroEmission.YES)]))

    assert [2, 0, 1] == [part.hash_hi.size for part in (first, again, changed)]
    assert [(VehicleClass.N1, ZeroEmission.YES)] == completed(book, seen("a"))


def test_another_process_knows_what_this_one_learned() -> None:
    """What is learned is known to every book with the same key, and to none with another."""
    learned = RegistrationBook(KEY).learn(decoded([told("a", VehicleClass.N3, ZeroEmission.NO)]))
    same, other = RegistrationBook(KEY), RegistrationBook(bytes(16))
    same.load(learned)
    other.load(learned)

    assert [(VehicleClass.N3, ZeroEmission.NO)] == completed(same, seen("a"))
    assert [UNKNOWN] == completed(other, seen("a"))


def test_a_book_grows_with_what_it_learns() -> None:
    """All are known that fit, whatever page they came to stand on, and one that is told anew changes there."""
    names = [f"v{number}" for number in range(5_000)]
    book = RegistrationBook(KEY, capacity=10_000)

    book.learn(decoded([told(name, VehicleClass.N1, ZeroEmission.NO) for name in names]))
    book.learn(decoded([told(names[0], VehicleClass.N3, ZeroEmission.YES)]))

    expected = [(VehicleClass.N3, ZeroEmission.YES)] + [(VehicleClass.N1, ZeroEmission.NO)] * 4_999
    assert expected == completed(book, *map(seen, names))


def test_memory_is_bounded_and_what_is_used_stays() -> None:
    """A reference that is asked for outlives a hundred times the capacity of others."""
    book = RegistrationBook(KEY, capacity=100)
    book.learn(decoded([told("kept", VehicleClass.N1, ZeroEmission.YES)]))
    for number in range(200):
        book.learn(decoded([told(f"{number}-{n}", VehicleClass.N2, ZeroEmission.NO) for n in range(40)]))
        assert [(VehicleClass.N1, ZeroEmission.YES)] == completed(book, seen("kept"))
        assert book.size <= 100

    assert [UNKNOWN] == completed(book, seen("0-0"))


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.sampled_from("abcdefghij"),
                st.sampled_from([Outcome.REGISTERED, Outcome.ACCEPTED]),
                st.tuples(st.sampled_from(VehicleClass), st.sampled_from(ZeroEmission)),
            ),
            max_size=12,
        ),
        max_size=8,
    ),
    st.sampled_from([1_000, 24, 20]),
)
def test_the_book_does_what_a_dictionary_does(batches: list[list[Row]], capacity: int) -> None:
    """Each batch is learned, then completed; ten references are at most half of what the book keeps."""
    book = RegistrationBook(KEY, capacity)
    known: dict[str, tuple[VehicleClass, ZeroEmission]] = {}
    for rows in batches:
        book.learn(decoded(rows))
        known |= {name: what for name, outcome, what in rows if outcome is Outcome.REGISTERED}
        columns = decoded(rows)

        book.complete(columns)

        found = zip(columns.vehicle_class.tolist(), columns.zero_emission.tolist(), strict=True)
        assert [filled(row, known) for row in rows] == list(found)


def filled(
    row: Row, known: dict[str, tuple[VehicleClass, ZeroEmission]]
) -> tuple[VehicleClass, ZeroEmission]:
    """Return class and emission of a row by their definition."""
    name, outcome, (vehicle_class, emission) = row
    is_open = vehicle_class == VehicleClass.UNKNOWN or (
        emission == ZeroEmission.UNKNOWN and vehicle_class != VehicleClass.M1
    )
    if outcome is not Outcome.ACCEPTED or name not in known or not is_open:
        return row[2]
    registered_class, registered_emission = known[name]
    vehicle_class = registered_class if vehicle_class == VehicleClass.UNKNOWN else vehicle_class
    if vehicle_class == VehicleClass.M1:
        return vehicle_class, ZeroEmission.UNKNOWN
    return vehicle_class, registered_emission if emission == ZeroEmission.UNKNOWN else emission


def test_nothing_told_is_nothing_learned() -> None:
    """An empty batch teaches nothing."""
    assert Registrations(*[[]] * 4) == Registrations(
        *(column.tolist() for column in RegistrationBook(KEY).learn(decoded([])))
    )
