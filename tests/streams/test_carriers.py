"""The carrier of every position, whatever the format and however records are mixed."""

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.grants import NO_CARRIER
from streams.carriers import carriers_of
from streams.decode.positions import decode_positions

CANONICAL: dict[str, Any] = {"vehicle": "x", "time": 1_795_431_600_000, "lat": 52.0, "lon": 5.0}


def otm(*actors: object) -> dict[str, Any]:
    """Return an event with actors."""
    return {
        "eventType": "locationUpdateEvent",
        "creationDate": "2026-11-23T12:00:00Z",
        "vehicle": {"entity": {"licensePlate": "VB-123-K"}},
        "geoReference": {"lat": 52.0, "lon": 5.0},
        "actors": list(actors),
    }


def actor(role: str = "carrier", **entity: str) -> dict[str, Any]:
    """Return an actor."""
    return {"associationType": "inline", "roles": ["shipper", role], "entity": entity}


RFMS = {"vehiclePositionResponse": {"vehiclePositions": [{"vin": "a"}, {"vin": "b"}]}, "carrier": "x"}


def named(*values: bytes | None) -> list[str | None]:
    """Return the carrier of each row of some records."""
    decoded = decode_positions(list(values))
    carriers = carriers_of(list(values), decoded)
    assert decoded.outcome.size == carriers.code.size
    return [None if code == NO_CARRIER else carriers.names[code] for code in carriers.code.tolist()]


def text(content: object) -> bytes:
    """Return JSON."""
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (CANONICAL, [None]),
        (CANONICAL | {"carrier": "x"}, ["x"]),
        (CANONICAL | {"carrier": 7}, [None]),
        ([CANONICAL | {"carrier": "x"}, 7, CANONICAL, CANONICAL | {"carrier": "y"}], ["x", None, None, "y"]),
        (otm(actor(name="x")), ["x"]),
        (otm(actor(id="x")), ["x"]),
        (otm({"roles": ["carrier"], "uuid": "x", "associationType": "reference"}), ["x"]),
        (otm(actor(role="driver", name="x")), [None]),
        (otm(7, {"roles": 7}, {"roles": ["carrier"], "entity": 7}), [None]),
        (otm() | {"actors": "x"}, [None]),
        (RFMS, ["x", "x"]),
        ([], [None]),
    ],
)
def test_a_carrier_is_found_where_its_format_has_it(content: object, expected: list[str | None]) -> None:
    """What is no text names nobody."""
    assert expected == named(text(content))


def test_every_row_of_mixed_records_has_its_own() -> None:
    """Lines, arrays, streams, what is broken and what is nothing."""
    x, y = text(CANONICAL | {"carrier": "x"}), text(CANONICAL | {"carrier": "y"})
    values = [
        x,
        None,
        b"\n".join([y, b"broken", x]),
        b"",
        text([RFMS, CANONICAL]),
        arrow(["y", None]),
        b"\xff",
        x,
    ]

    assert ["x", None, "y", None, "x", None, "x", "x", None, "y", None, None, "x"] == named(*values)


def arrow(carriers: list[str | None]) -> bytes:
    """Return a stream of positions."""
    count = len(carriers)
    table = pa.table(
        {
            "vehicle": ["x"] * count,
            "time": [1_795_431_600_000] * count,
            "lat": [52.0] * count,
            "lon": [5.0] * count,
            "carrier": carriers,
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


@given(st.lists(st.binary(max_size=40) | st.sampled_from([arrow(["x"])[:-9], b"[{}]", b'{"carrier":"x"}'])))
def test_no_bytes_raise(values: list[bytes]) -> None:
    """Each row names somebody or nobody."""
    named(*values)
