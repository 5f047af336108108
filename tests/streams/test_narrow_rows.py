"""Narrow rows give back what they were made of, to the last bit, and take no more bytes than its values need."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.columns import DetectionColumns, PositionColumns
from streams.narrow_rows import NarrowRows, by_destination, column_types, narrowed, widened

SHAPES: list[type[Any]] = [PositionColumns, DetectionColumns]
INTEGERS = [name for name, type_ in column_types(PositionColumns).items() if type_.kind != "f"]


def some_columns(shape: type[Any], draw: st.DataObject, rows: int) -> Any:
    """Return rows whose columns have little or much in common, each in its own way."""
    made = []
    for name, type_ in column_types(shape).items():
        if type_.kind == "f":
            decimals = draw.draw(st.sampled_from([3, 7, 15]), label=name)
            number: Any = st.floats(-180, 180).map(lambda value, places=decimals: round(value, places))
        else:
            info = np.iinfo(type_)
            span = draw.draw(
                st.sampled_from([0, 1, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63]), label=name
            )
            least = draw.draw(st.integers(int(info.min), int(info.max)), label=f"least {name}")
            most = min(least + span, int(info.max))
            number = st.one_of(st.just(least), st.just(most), st.integers(least, most))
        made.append(np.array(draw.draw(st.lists(number, min_size=rows, max_size=rows)), type_))
    return shape._make(made)


def assert_same(expected: Any, found: Any) -> None:
    """Compare columns bit by bit."""
    for name, sent, got in zip(expected._fields, expected, found, strict=True):
        assert (name, sent.dtype, sent.tobytes()) == (name, got.dtype, got.tobytes())
        assert got.flags.writeable


@pytest.mark.parametrize("shape", SHAPES)
@given(st.data(), st.integers(0, 12))
def test_rows_come_back_to_the_last_bit(shape: type[Any], draw: st.DataObject, rows: int) -> None:
    """Whatever the range of a column is, and wherever it begins."""
    columns = some_columns(shape, draw, rows)
    narrow = narrowed(columns)

    assert rows == narrow.rows
    assert_same(columns, widened(shape, [narrow]))


@pytest.mark.parametrize(
    ("span", "width"),
    [(0, 0), (1, 1), (255, 1), (256, 2), (65_535, 2), (65_536, 4), (2**32 - 1, 4), (2**32, 8)],
)
def test_a_column_is_as_wide_as_its_range(span: int, width: int) -> None:
    """Zero bytes where all rows say the same."""
    columns = positions_of(2)._replace(offset=np.array([7, 7 + span], np.int64))

    column = narrowed(columns).columns.get("offset")

    assert width == (0 if column is None else column.dtype.itemsize)


@pytest.mark.parametrize(
    ("degrees", "is_counted"),
    [
        (5.1234567, True),
        (-179.9999999, True),
        (0.0, True),
        (-0.0, False),
        (5.12345678, False),
        (float(np.nextafter(5.5, 6)), False),
        (214.7483647, True),
        (214.7483648, False),
        (1e300, False),
        (float("nan"), False),
    ],
)
def test_degrees_are_counted_only_where_that_is_exact(degrees: float, is_counted: bool) -> None:
    """One that is not keeps the whole column as it is."""
    columns = positions_of(3)._replace(lat=np.array([52.5, degrees, 52.25]))

    narrow = narrowed(columns)

    assert (np.int32 if is_counted else np.float64) == narrow.columns["lat"].dtype
    assert_same(columns, widened(PositionColumns, [narrow]))


def test_what_intake_sends_of_a_position_is_half_of_its_columns() -> None:
    """The pseudonym is most of it."""
    rows = 1_000
    random = np.random.default_rng(1)
    columns = positions_of(rows)._replace(
        offset=np.arange(rows),
        event_us=1_700_000_000_000_000 + random.integers(0, 60_000_000, rows),
        pseudonym_hi=random.integers(0, 2**63, rows).astype(np.uint64),
        pseudonym_lo=random.integers(0, 2**63, rows).astype(np.uint64),
        lat=np.round(random.random(rows), 6),
        lon=np.round(random.random(rows), 6),
        carrier=random.integers(0, 2**32, rows).astype(np.uint32),
    )

    assert 16 + 2 + 4 + 4 + 4 + 4 == narrowed(columns).row_bytes


@given(st.data(), st.lists(st.integers(0, 4), max_size=30))
def test_splitting_by_destination_keeps_every_row_in_order(
    draw: st.DataObject, destinations: list[int]
) -> None:
    """Each destination comes once, with its rows as they stood."""
    columns = some_columns(PositionColumns, draw, len(destinations))
    destination = np.array(destinations, np.int32)

    rows, parts = by_destination(narrowed(columns), destination)

    assert sorted(set(destinations)) == [part.destination for part in parts]
    assert len(destinations) == sum(part.end - part.first for part in parts)
    found = widened(PositionColumns, [rows])
    for number, first, end in parts:
        chosen = PositionColumns._make(column[destination == number] for column in columns)
        assert_same(chosen, PositionColumns._make(column[first:end] for column in found))


@pytest.mark.parametrize("name", INTEGERS)
def test_a_column_that_is_named_nowhere_is_zero(name: str) -> None:
    """As those that earlier versions did not know."""
    columns = positions_of(3)
    others = {key: value for key, value in columns._asdict().items() if key != name}

    found = widened(PositionColumns, [NarrowRows(3, others, {})])

    assert [0, 0, 0] == getattr(found, name).tolist()
    assert getattr(columns, name).dtype == getattr(found, name).dtype


def positions_of(rows: int) -> PositionColumns:
    """Return rows that all say the same."""
    return PositionColumns._make(np.ones(rows, type_) for type_ in column_types(PositionColumns).values())
