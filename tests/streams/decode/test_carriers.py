"""The carrier of every position, whatever the format and however records are mixed."""

import json
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.carrier_names import carrier_digest
from processors.vocabulary import Outcome
from streams.decode import carrier_spans
from streams.decode.carrier_spans import MOST_SPANS, NO_ROOM, code_of_span, new_spans
from streams.decode.decoded_parts import CHUNK_BYTES
from streams.decode.lexer import words_of
from streams.decode.positions import decode_positions
from streams.decode.scanned_rows import HANDED_OVER
from tests.streams.decode.nested_messages import nested_message
from tests.streams.decode.scanner_twins import (
    EXAMPLES,
    MUTATED,
    assert_agree,
    message,
    mutated,
    scanned_by_itself,
)
from tests.streams.decode.slow_carriers import slow_carriers

CANONICAL: dict[str, Any] = {"vehicle": "x", "time": 1_795_431_600_000, "lat": 52.0, "lon": 5.0}
RFMS = {
    "vehiclePositionResponse": {
        "vehiclePositions": [
            {
                "vin": "YV2E4C3A5VB180691",
                "receivedDateTime": "2026-11-23T12:00:00Z",
                "gnssPosition": {
                    "latitude": 52.0,
                    "longitude": 5.0,
                    "positionDateTime": "2026-11-23T12:00:00Z",
                },
            }
        ]
    },
    "carrier": "x",
}
TRACCAR = {
    "position": {"fixTime": "2026-11-23T12:00:00Z", "latitude": 52.0, "longitude": 5.0, "valid": True},
    "device": {"uniqueId": "x"},
    "carrier": "x",
    "actors": [{"roles": ["carrier"], "entity": {"name": "x"}}],
}


def otm(*actors: object) -> dict[str, Any]:
    """Return an event with actors."""
    return {
        "eventType": "locationUpdateEvent",
        "creationDate": "2026-11-23T12:00:00Z",
        "vehicle": {"entity": {"licensePlate": "VB-123-K"}},
        "geoReference": {"lat": 52.0, "lon": 5.0},
        "actors": list(actors),
    }


def actor(role: str = "carrier", **entity: object) -> dict[str, Any]:
    """Return an actor."""
    return {"associationType": "inline", "roles": ["shipper", role], "entity": entity}


def text(content: object) -> bytes:
    """Return JSON."""
    return json.dumps(content).encode()


def carriers(*values: bytes | None) -> list[int]:
    """Return the carrier of each row of some records."""
    return [int(digest) for digest in decode_positions(list(values)).carrier]


def digests(*names: str | None) -> list[int]:
    """Return the digests of names."""
    return [0 if name is None else carrier_digest(name) for name in names]


CONTENTS = [
    (CANONICAL, [None]),
    (CANONICAL | {"carrier": "X "}, ["x"]),
    (CANONICAL | {"carrier": 'Müller "&" Zn'}, ['MÜLLER "&" ZN']),
    (CANONICAL | {"carrier": " "}, [None]),
    (CANONICAL | {"carrier": 7}, [None]),
    (CANONICAL | {"carrier": 10**30}, [None]),
    (CANONICAL | {"carrier": {"name": "x"}}, [None]),
    (CANONICAL | {"actors": [actor(name="x")]}, [None]),
    ([CANONICAL | {"carrier": "x"}, 7, CANONICAL, CANONICAL | {"carrier": "y"}], ["x", None, None, "y"]),
    (CANONICAL | {"carrier": "x", "time": "never"}, [None]),
    (otm(actor(name="x")), ["x"]),
    (otm(actor(id="x")), ["x"]),
    (otm(actor(name="Ü", id="x")), ["ü"]),
    (otm(actor(name=7, id="x")), [None]),
    (otm({"roles": ["carrier"], "uuid": "x", "associationType": "reference"}), ["x"]),
    (otm(actor(role="driver", name="x")), [None]),
    (otm(actor(role="driver", name="x"), actor(name="y"), actor(name="z")), ["y"]),
    (otm(7, {"roles": 7}, {"roles": ["carrier"], "entity": 7}), [None]),
    (otm([[], {}], {}), [None]),
    (otm() | {"actors": "x"}, [None]),
    (otm() | {"actors": actor(name="x")}, [None]),
    (otm() | {"carrier": "x"}, [None]),
    (TRACCAR, [None]),
    (RFMS, [None]),
    ([], [None]),
]


@pytest.mark.parametrize(("content", "expected"), CONTENTS)
def test_a_carrier_is_found_where_its_format_has_it(content: object, expected: list[str | None]) -> None:
    """What is no text names nobody, and rows that are rejected name nobody."""
    assert digests(*expected) == carriers(text(content))
    assert_agree([text(content)] * 3)


def test_what_is_hard_to_read_is_not_handed_over_for_the_sake_of_the_carrier() -> None:
    """Escapes and characters beyond ASCII are read once for each way in which a chunk spells a name."""
    names = ["Müller", 'a "quoted" name', "\n", 7, 10**30, None]
    values = [text(CANONICAL | {"carrier": name}) for name in names]
    values += [text(otm(actor(name=name), {"\u00fc": name})) for name in names]
    values.append(json.dumps(CANONICAL | {"carrier": "Müller"}, ensure_ascii=False).encode())

    scanned, handed_over = scanned_by_itself(values)

    assert 0 == handed_over.sum()
    assert not (scanned.outcome == HANDED_OVER).any()


def test_of_a_name_that_comes_twice_the_last_one_holds() -> None:
    """As JSON has it, whichever reader reads."""
    flat = text(CANONICAL)[:-1]
    event = text(otm())[:-1]
    x, y = text([actor(name="x")]), text([actor(name="y")])
    values = [
        flat + b',"carrier":"x","carrier":"y"}',
        flat + b',"carrier":"x","carrier":null}',
        flat + b',"carrier":null,"carrier":"x"}',
        event + b',"actors":' + x + b',"actors":' + y + b"}",
        event + b',"actors":' + x + b',"actors":null}',
        event + b',"actors":null,"actors":' + y + b"}",
    ]

    assert digests("y", None, "x", "y", None, "y") == carriers(*values)
    for value in values:
        assert_agree([value] * 3)


@pytest.mark.parametrize("named", [["actors", "lifecycle"], ["lifecycle", "actors"]])
@pytest.mark.parametrize("opening", [True, False])
def test_actors_are_found_by_a_template_wherever_they_stand(named: list[str], *, opening: bool) -> None:
    """First, last and between, with blanks, and without any value in them."""
    rest = {name: field for name, field in otm().items() if name != "actors"}
    for actors in ([], [[]], [{}, [{}]], [actor(name="x")], [[], actor(name="x"), []], [{}, actor(name="x")]):
        known = {"actors": actors, "lifecycle": "actual"}
        parts = {name: known[name] for name in named}
        whole = {**parts, **rest} if opening else {**rest, **parts}
        values = [json.dumps(whole, separators=(",", blank)).encode() for blank in (":", " : ")]
        longer = [value.replace(b'"x"', b'"another, longer"') for value in values]
        assert_agree([*values, *longer, *values])
        assert 0 == scanned_by_itself([*values, *longer])[1].sum()


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

    expected = ["x", None, "y", None, "x", None, None, None, "y", None, None, "x"]
    assert digests(*expected) == carriers(*values)


def arrow(names: Any, count: int = 2) -> bytes:
    """Return a stream of positions."""
    columns = {"vehicle": ["x"] * count, "time": [1_795_431_600_000] * count, "lat": [52.0] * count}
    table = pa.table(columns | {"lon": [5.0] * count, "carrier": names})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (pa.array(["x", None]), ["x", None]),
        (pa.array(["", "Ü"], pa.large_string()), [None, "ü"]),
        (pa.array(["x", "X "]).dictionary_encode(), ["x", "x"]),
        (pa.array([None, "y"]).dictionary_encode(), [None, "y"]),
        (pa.array([1, 2]), [None, None]),
        (pa.array([1, 2]).dictionary_encode(), [None, None]),
        (pa.array([None, None]), [None, None]),
    ],
)
def test_an_arrow_stream_names_carriers_in_a_column(names: Any, expected: list[str | None]) -> None:
    """Of texts, of a dictionary or not; another type names nobody and is no fault."""
    decoded = decode_positions([arrow(names)])

    assert [Outcome.ACCEPTED] * 2 == decoded.outcome.tolist()
    assert digests(*expected) == decoded.carrier.tolist()


def test_every_row_may_name_another_carrier() -> None:
    """Beyond the room for spans the slow reader names them."""
    names = [f"carrier {number}" for number in range(MOST_SPANS + 40)]
    values = [text(CANONICAL | {"carrier": name}) for name in names]

    scanned, _ = scanned_by_itself(values)

    assert 40 <= (scanned.outcome == HANDED_OVER).sum() < MOST_SPANS // 10
    assert digests(*names, *names[:40]) == carriers(*values, *values[:40])


def test_spans_of_one_hash_are_not_searched_for_long() -> None:
    """Whoever sends them: a row with one too many has no room."""
    buffer = np.frombuffer(b'"carrier"' + bytes(32), np.uint8)
    words, spans = words_of(buffer), new_spans()
    with np.errstate(over="ignore"):  # as the scanner is called
        assert [1, 1] == [code_of_span(words, 0, 9, spans) for _ in range(2)]
        spans.slots[:] = 1

        assert [NO_ROOM, NO_ROOM] == [code_of_span(words, start, 8, spans) for start in (0, 1)]


def test_what_spans_said_is_forgotten_before_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory is bounded, and carriers stay the same."""
    kept: dict[bytes, int] = {}
    monkeypatch.setattr(carrier_spans, "_DIGESTS", kept)
    monkeypatch.setattr(carrier_spans, "_MOST_DIGESTS", 2)
    values = [text(CANONICAL | {"carrier": name}) for name in "abcab"]

    assert digests(*"abcab") == carriers(*values) == carriers(*values)
    assert len(kept) <= 2


def test_names_are_of_one_batch_only() -> None:
    """A chunk or a batch of other spans finds none of those before."""
    long = [text(CANONICAL | {"carrier": name, "note": "-" * (CHUNK_BYTES // 2)}) for name in "xyxzx"]

    assert digests(*"xyxzx") == carriers(*long)
    assert digests(None, "z") == carriers(text(CANONICAL), text(CANONICAL | {"carrier": "z"}))


def test_carriers_are_those_of_reading_every_record_twice() -> None:
    """Of messages of all formats, whole and mutated, by themselves, in arrays and one per line."""
    rng = Random(20261125)
    for _ in range(MUTATED // 5_000 + 1):
        whole = [rng.choice([message, nested_message])(rng) for _ in range(300)]
        values = [
            *whole,
            *(mutated(rng, rng.choice(whole)) for _ in range(300)),
            *(b"\n".join([one, one]) for one in whole),
        ]
        decoded = decode_positions(values)

        assert slow_carriers(values, decoded) == decoded.carrier.tolist()
        assert 5 < np.unique(decoded.carrier).size


@given(
    st.lists(st.binary(max_size=40) | st.sampled_from([arrow(["x", None])[:-9], b"[{}]", b'{"carrier":"x"}']))
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_no_bytes_raise(values: list[bytes]) -> None:
    """Each row names somebody or nobody."""
    decoded = decode_positions(values)

    assert slow_carriers(values, decoded) == decoded.carrier.tolist()
