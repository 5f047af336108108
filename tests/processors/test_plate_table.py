"""Tables of plates: each plate has its attributes, others have none, and the file fits in memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.identity import plate_key_of
from processors.plate_table import KNOWN, attributes_of, home_numbers, new_plate_table, put_plates

PLATES = st.from_regex(r"[0-9A-Z]{1,6}", fullmatch=True)


def keys(plates: list[str], country: str = "NL") -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the keys of plates."""
    return np.array([plate_key_of(f"plate:{country}:{plate}".encode()) for plate in plates], np.int64)


def found(
    table: "np.ndarray[tuple[int], np.dtype[np.uint64]]", plates: list[str], country: str = "NL"
) -> list[int]:
    """Return the attributes of plates."""
    result = np.full(len(plates), -1, np.int64)
    with np.errstate(over="ignore"):
        attributes_of(table, keys(plates, country), result)
    return result.tolist()


@given(st.dictionaries(PLATES, st.integers(0, 2**31 - 1)), st.lists(PLATES))
def test_a_table_does_what_a_dictionary_does(content: dict[str, int], asked: list[str]) -> None:
    """Whatever plates are in it and asked for."""
    table = new_plate_table(len(content))
    with np.errstate(over="ignore"):
        added = put_plates(
            table, home_numbers(keys(list(content))), np.array(list(content.values()), np.int64)
        )

    assert len(content) == added
    assert [content[p] | KNOWN for p in content] == found(table, list(content))
    assert [content[p] | KNOWN if p in content else 0 for p in asked] == found(table, asked)


def test_later_attributes_replace_earlier_ones() -> None:
    """A register says the newest last."""
    table = new_plate_table(2)
    with np.errstate(over="ignore"):
        first = put_plates(table, home_numbers(keys(["A", "A"])), np.array([1, 2]))
        again = put_plates(table, home_numbers(keys(["A"])), np.array([3]))

    assert [1, 0, 3 | KNOWN] == [first, again, found(table, ["A"])[0]]


def test_other_plates_are_not_found() -> None:
    """Of another country, longer than Dutch ones are, and rows that have none."""
    table = new_plate_table(1)
    with np.errstate(over="ignore"):
        put_plates(table, home_numbers(keys(["AB12CD"])), np.array([0]))

    assert [0] == found(table, ["AB12CD"], "D")
    assert [0, 0] == found(table, ["AB12CDE", ""])
    assert [KNOWN] == found(table, ["AB12CD"])
    assert [0, 0] == home_numbers(keys(["AB12CDE", ""])).tolist()


def test_nine_million_plates_take_less_than_a_gibibyte() -> None:
    """With room to spare."""
    assert 8 * (1 << 24) == new_plate_table(9_000_000).nbytes
