"""Messages of the observation topic keep what they carry, within the size that every broker takes."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duls.errors import RefusedError
from processors.columns import DetectionColumns, PositionColumns
from processors.source_clock import Mark
from streams.narrow_rows import by_destination, narrowed
from streams.observation_headers import (
    INSTALLATION_HEADER,
    KIND_HEADER,
    Control,
    Envelope,
    Kind,
    TopicEnd,
    control_message,
    decode_control,
    decode_topic_end,
    envelope_of,
    headers_of,
    topic_end_message,
)
from streams.observation_messages import (
    MAX_MESSAGE_BYTES,
    decode_progress,
    decode_rows,
    encode_parts,
    encode_progress,
    encode_rows,
    rows_per_message,
)

OURS = bytes(range(16))
THEIRS = bytes(16)
POSITION_TYPES = ["i4", "i8", "i4", "i8", "u1", "i8", "i4", "u8", "u8", "f8", "f8", "u1", "u1", "u4", "u4"]
DETECTION_TYPES = [
    "i4",
    "i8",
    "i4",
    "i8",
    "u1",
    "i8",
    "i4",
    "u8",
    "u8",
    "u1",
    "u1",
    "u8",
    "u8",
    "u8",
    "u8",
    "u1",
    "f8",
    "u4",
    "u8",
]


def positions(rows: int, seed: int = 0) -> PositionColumns:
    """Return random positions."""
    return PositionColumns._make(columns(POSITION_TYPES, rows, seed))


def detections(rows: int, seed: int = 0) -> DetectionColumns:
    """Return random detections."""
    return DetectionColumns._make(columns(DETECTION_TYPES, rows, seed))


def columns(types: list[str], rows: int, seed: int) -> list[Any]:
    """Return columns of random bytes, which is what compression likes least; floats are finite."""
    random = np.random.default_rng(seed)
    made: list[Any] = []
    for name in types:
        dtype = np.dtype(name)
        values = np.frombuffer(random.bytes(rows * dtype.itemsize), dtype)
        made.append(random.random(rows).astype(dtype) if dtype.kind == "f" else values)
    return made


@given(rows=st.integers(0, 40), is_position=st.booleans(), seed=st.integers(0, 99))
def test_rows_come_back_as_they_went(rows: int, is_position: bool, seed: int) -> None:
    """Every column keeps its type and its values, and can be written to."""
    given_rows = positions(rows, seed) if is_position else detections(rows, seed)

    values = list(encode_rows(narrowed(given_rows)))

    assert [1] * (rows > 0) == [1 for _ in values]
    for value in values:
        found = decode_rows(value, type(given_rows))  # type: ignore[type-var]  # one of the two shapes
        for expected, actual in zip(map(np.asarray, given_rows), map(np.asarray, found), strict=True):
            assert expected.dtype == actual.dtype
            assert actual.flags.writeable
            np.testing.assert_array_equal(expected, actual)


@settings(max_examples=12)
@given(st.integers(1, 20_000), st.booleans())
def test_no_message_is_too_large_whatever_the_number_of_rows(rows: int, is_position: bool) -> None:
    """Half of the broker's default limit is kept, and the parts are the rows in their order."""
    given_rows = positions(rows) if is_position else detections(rows)

    values = list(encode_rows(narrowed(given_rows)))

    assert max(len(value) for value in values) <= MAX_MESSAGE_BYTES
    offsets = [decode_rows(value, type(given_rows)).offset for value in values]  # type: ignore[type-var]  # as above
    np.testing.assert_array_equal(given_rows.offset, np.concatenate(offsets))


@pytest.mark.parametrize("make", [positions, detections])
@pytest.mark.parametrize("over", [-1, 0, 1])
def test_a_full_message_is_nearly_as_large_as_allowed(make: Any, over: int) -> None:
    """At the bound and beside it the size holds, and little of it is wasted."""
    most = rows_per_message(narrowed(make(1_000)))

    values = list(encode_rows(narrowed(make(most + over))))

    assert 1 + (over > 0) == len(values)
    assert 0.95 * MAX_MESSAGE_BYTES < len(values[0]) <= MAX_MESSAGE_BYTES


def test_each_message_holds_rows_of_one_destination() -> None:
    """In order, and as many messages as its rows need."""
    rows = positions(20_000)
    destination = np.arange(20_000, dtype=np.int32) % 2 * 5

    ordered, parts = by_destination(narrowed(rows), destination)
    found: dict[int, list[int]] = {}
    messages = 0
    for number, value in encode_parts(ordered, parts):
        assert len(value) <= MAX_MESSAGE_BYTES
        found.setdefault(number, []).extend(decode_rows(value, PositionColumns).offset.tolist())
        messages += 1

    assert messages > 2
    assert {number: rows.offset[destination == number].tolist() for number in (0, 5)} == found


@given(
    st.lists(
        st.builds(
            Mark,
            st.binary(min_size=16, max_size=16),
            st.integers(0, 1),
            st.integers(1, 64),
            st.integers(0, 63),
            st.integers(0, 2**62),
            st.integers(-(2**62), 2**62),
        )
    )
)
def test_progress_comes_back_as_it_went(marks: list[Mark]) -> None:
    """Also before the first record, when there is no arrival yet."""
    assert marks == decode_progress(encode_progress(marks))


def test_a_control_record_names_its_version() -> None:
    """Its headers say what it is and whose."""
    value, headers = control_message(OURS, "zones", 7)

    assert Control("zones", 7) == decode_control(value)
    assert Envelope(Kind.CONTROL, None) == envelope_of(headers, OURS)


@pytest.mark.parametrize("kind", list(Kind))
def test_headers_say_kind_and_source(kind: Kind) -> None:
    """The topic of the rows is there when it was given."""
    assert Envelope(kind, None) == envelope_of(headers_of(kind, OURS), OURS)
    assert Envelope(kind, THEIRS) == envelope_of(headers_of(kind, OURS, THEIRS), OURS)


@pytest.mark.parametrize(
    "headers",
    [
        None,
        [],
        [("other", b"1")],
        [(KIND_HEADER, b"positions")],
        [(INSTALLATION_HEADER, OURS)],
        [(KIND_HEADER, None), (INSTALLATION_HEADER, OURS)],
        headers_of(Kind.POSITIONS, THEIRS),
        [(KIND_HEADER, b"of a later version"), (INSTALLATION_HEADER, THEIRS)],
        [(KIND_HEADER, b"\xff"), (INSTALLATION_HEADER, THEIRS)],
    ],
)
def test_what_is_not_ours_is_nothing(headers: list[tuple[str, bytes | None]] | None) -> None:
    """Others may share the topic, and may run another version."""
    assert envelope_of(headers, OURS) is None


@pytest.mark.parametrize("kind", [b"of a later version", b"\xff"])
def test_an_unknown_kind_of_ours_is_refused(kind: bytes) -> None:
    """To skip it would lose what it says."""
    with pytest.raises(RefusedError, match="run a newer one"):
        envelope_of([(KIND_HEADER, kind), (INSTALLATION_HEADER, OURS)], OURS)


def test_rows_of_earlier_versions_are_read() -> None:
    """The log still holds them after an upgrade: columns of full width, and neither traits nor carrier."""
    sent = positions(3)
    names = [name for name in sent._fields if name not in {"traits", "carrier"}]
    table = pa.table({name: getattr(sent, name) for name in names})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)

    columns = decode_rows(sink.getvalue().to_pybytes(), PositionColumns)

    for name in names:
        np.testing.assert_array_equal(getattr(sent, name), getattr(columns, name))
        assert getattr(sent, name).dtype == getattr(columns, name).dtype
    assert [0, 0, 0] == columns.traits.tolist()
    assert [0, 0, 0] == columns.carrier.tolist()
    assert np.uint32 == columns.traits.dtype == columns.carrier.dtype


@pytest.mark.parametrize(("name", "kind"), [(b"positions", Kind.POSITIONS), (b"detections", Kind.DETECTIONS)])
def test_kinds_of_earlier_versions_are_known(name: bytes, kind: Kind) -> None:
    """While one that does not know narrow rows refuses them, in place of reading offsets without their base."""
    assert Envelope(kind, None) == envelope_of([(KIND_HEADER, name), (INSTALLATION_HEADER, OURS)], OURS)
    assert name != kind.value.encode()


def test_detections_that_nobody_is_known_by_over_a_month_have_no_such_column() -> None:
    """Nor has a message in which all rows say the same of anything."""
    rows = detections(3)._replace(visitor=np.zeros(3, np.uint64))
    (value,) = encode_rows(narrowed(rows))

    assert "visitor" not in pa.ipc.open_stream(value).read_all().column_names
    columns = decode_rows(value, DetectionColumns)
    assert [0, 0, 0] == columns.visitor.tolist()
    assert np.uint64 == columns.visitor.dtype


def test_the_end_of_a_topic_names_it_in_its_headers() -> None:
    """As rows do; versions that do not know it must not skip it, so it is a kind of its own."""
    value, headers = topic_end_message(OURS, b"t" * 16, 1)

    assert Envelope(Kind.TOPIC_END, b"t" * 16) == envelope_of(headers, OURS)
    assert TopicEnd(1) == decode_topic_end(value)
