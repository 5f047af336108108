"""Positions are decoded to columns, row by row, each rejection with its reason."""

import json
import math

import numpy as np
import pytest

from processors.columns import DecodedPositions
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission
from streams.decode.positions import decode_positions, rows_of_value

GOOD = {"vehicle": "NL:VB-123-K", "time": "2026-11-23T07:12:15.120Z", "lat": 52.0907, "lon": 5.1214}
GOOD_US = 1_795_417_935_120_000


def text(**changes: object) -> bytes:
    """Return a good position with some fields changed; a field that becomes `...` is left out."""
    fields = {name: content for name, content in (GOOD | changes).items() if content is not ...}
    return json.dumps(fields, separators=(",", ":")).encode()


def raw(**changes: str) -> bytes:
    """Return a good position with some fields replaced by JSON text as it stands."""
    fields = {name: json.dumps(content) for name, content in GOOD.items()} | changes
    return ("{" + ",".join(f'"{name}":{content}' for name, content in fields.items()) + "}").encode()


def identities(decoded: DecodedPositions) -> list[bytes]:
    """Return the identity of each row."""
    spans = zip(decoded.identity_start.tolist(), decoded.identity_length.tolist(), strict=True)
    return [decoded.identity[start : start + length].tobytes() for start, length in spans]


def outcomes(*values: bytes | None) -> list[Outcome]:
    """Return the outcome of each row of some values."""
    return [Outcome(code) for code in decode_positions(values).outcome]


def test_a_newcomers_position_is_accepted() -> None:
    """The four required fields are enough."""
    decoded = decode_positions([text()])

    assert decoded.outcome.tolist() == [Outcome.ACCEPTED]
    assert decoded.event_us.tolist() == [GOOD_US]
    assert (decoded.lat.tolist(), decoded.lon.tolist()) == ([52.0907], [5.1214])
    assert decoded.vehicle_class.tolist() == [VehicleClass.UNKNOWN]
    assert decoded.zero_emission.tolist() == [ZeroEmission.UNKNOWN]
    assert identities(decoded) == [b"plate:NL:VB123K"]


def test_the_columns_have_their_types() -> None:
    """Columns have the types that their shape declares, whoever reads, and for nothing at all."""
    types = ["i4", "i4", "u1", "i8", "f8", "f8", "u1", "u1", "i8", "u8", "i8", "i4", "u1"]

    for values in ([], [text()], [b"{"], [text(), b"{", None]):
        assert [column.dtype for column in decode_positions(values)] == types


BAD = [
    (None, Outcome.TOMBSTONE),
    (b"", Outcome.EMPTY),
    (b" \r\n\t", Outcome.EMPTY),
    (b"[]", Outcome.EMPTY),
    (b" [ \n ] ", Outcome.EMPTY),
    (b"garbage", Outcome.NOT_JSON),
    (b"{", Outcome.NOT_JSON),
    (b"\x00", Outcome.NOT_JSON),
    (b"{}\x00", Outcome.NOT_JSON),
    (b"{bad}\n{bad}", Outcome.NOT_JSON),
    (b"{'vehicle':1}", Outcome.NOT_JSON),
    (b"[{},]", Outcome.NOT_JSON),
    (b"[{}", Outcome.NOT_JSON),
    (b"{},{}", Outcome.NOT_JSON),
    (b"{} {}", Outcome.NOT_JSON),
    (text() + b"]", Outcome.NOT_JSON),
    (text()[:-1] + b",}", Outcome.NOT_JSON),
    (raw(lat="052.1"), Outcome.NOT_JSON),
    (raw(lat="52."), Outcome.NOT_JSON),
    (raw(lat="+52.1"), Outcome.NOT_JSON),
    (raw(lat="5e"), Outcome.NOT_JSON),
    (raw(lat="-"), Outcome.NOT_JSON),
    (raw(extra='"\\x"'), Outcome.NOT_JSON),
    (raw(extra='"\\u12g4"'), Outcome.NOT_JSON),
    (raw(extra='"a\tb"'), Outcome.NOT_JSON),
    (raw(extra="tru"), Outcome.NOT_JSON),
    (b"\xef\xbb\xbf" * 2 + text(), Outcome.NOT_JSON),
    (raw(extra='"x"')[:-2] + b'\xff"}', Outcome.BAD_UTF8),
    (raw(extra='"x"')[:-2] + b'\xed\xa0\x80"}', Outcome.BAD_UTF8),
    (b"\xc3", Outcome.BAD_UTF8),
    (b"[" * 100_000, Outcome.TOO_DEEP),
    (b'{"a":' * 65 + b"1" + b"}" * 65, Outcome.TOO_DEEP),
    (b"42", Outcome.WRONG_TYPE),
    (b"null", Outcome.WRONG_TYPE),
    (b'"text"', Outcome.WRONG_TYPE),
    (b"[[]]", Outcome.WRONG_TYPE),
    (text(lat="52.1"), Outcome.WRONG_TYPE),
    (text(lat=True), Outcome.WRONG_TYPE),
    (text(lon=[5.1]), Outcome.WRONG_TYPE),
    (text(vehicle=7), Outcome.WRONG_TYPE),
    (text(vehicle={"id": "x"}), Outcome.WRONG_TYPE),
    (text(time=False), Outcome.WRONG_TYPE),
    (text(**{"class": 2}), Outcome.WRONG_TYPE),
    (text(fuel=["diesel"]), Outcome.WRONG_TYPE),
    (text(emission=6), Outcome.WRONG_TYPE),
    (b"{}", Outcome.MISSING_FIELD),
    (text(vehicle=...), Outcome.MISSING_FIELD),
    (text(time=...), Outcome.MISSING_FIELD),
    (text(lat=...), Outcome.MISSING_FIELD),
    (text(lon=...), Outcome.MISSING_FIELD),
    (text(lat=None), Outcome.MISSING_FIELD),
    (text(vehicle=None), Outcome.MISSING_FIELD),
    (text(lat=math.nan), Outcome.NOT_FINITE),
    (text(lon=math.inf), Outcome.NOT_FINITE),
    (text(lon=-math.inf), Outcome.NOT_FINITE),
    (raw(lat="1e999"), Outcome.NOT_FINITE),
    (raw(lat="-1e999"), Outcome.NOT_FINITE),
    (raw(lat="1" + "0" * 399), Outcome.NOT_FINITE),
    (raw(lat="1" + "0" * 9_999), Outcome.NOT_FINITE),
    (text(time=math.nan), Outcome.NOT_FINITE),
    (b"NaN", Outcome.NOT_FINITE),
    (text(lat=90.0000001), Outcome.OUT_OF_RANGE),
    (text(lat=-91), Outcome.OUT_OF_RANGE),
    (text(lon=180.0000001), Outcome.OUT_OF_RANGE),
    (raw(lon="-1e300"), Outcome.OUT_OF_RANGE),
    (text(vehicle=""), Outcome.BAD_VEHICLE),
    (text(vehicle="  "), Outcome.BAD_VEHICLE),
    (text(vehicle="\t\n"), Outcome.BAD_VEHICLE),
    (text(vehicle="NL:- ."), Outcome.BAD_VEHICLE),
    (raw(vehicle='"\\ud800"'), Outcome.BAD_VEHICLE),
    (text(vehicle="x" * 125), Outcome.TOO_LONG),
    (text(vehicle="é" * 63), Outcome.TOO_LONG),
    (text(time=""), Outcome.BAD_TIME),
    (text(time="yesterday"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23"), Outcome.BAD_TIME),
    (text(time="2026-11-23T24:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T23:60:00Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T23:59:60Z"), Outcome.BAD_TIME),
    (text(time="2026-02-29T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-04-31T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-13-01T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-00-01T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-11-00T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15.Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15,1Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15+0100"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15+24:00"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15+01:60"), Outcome.BAD_TIME),
    (text(time=" 2026-11-23T07:12:15Z"), Outcome.BAD_TIME),
    (text(time="2026-11-23T07:12:15Z "), Outcome.BAD_TIME),
    (text(time="２026-11-23T07:12:15Z"), Outcome.BAD_TIME),  # noqa: RUF001 a digit that is not ASCII
    (text(time="0000-01-01T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="1969-12-31T23:59:59.999999Z"), Outcome.BAD_TIME),
    (text(time="1970-01-01T00:00:00+00:01"), Outcome.BAD_TIME),
    (text(time="2100-01-01T00:00:00Z"), Outcome.BAD_TIME),
    (text(time="2099-12-31T23:59:59-00:01"), Outcome.BAD_TIME),
    (text(time=-1), Outcome.BAD_TIME),
    (text(time=4_102_444_800_000), Outcome.BAD_TIME),
    (raw(time="4102444799999.9999"), Outcome.BAD_TIME),
    (raw(time="9" * 300), Outcome.BAD_TIME),
]


@pytest.mark.parametrize(("value", "reason"), BAD)
def test_bad_input_is_one_row_with_its_reason(value: bytes | None, reason: Outcome) -> None:
    """A record that holds one bad position, or nothing to read, is one row with the reason."""
    decoded = decode_positions([text(), value, text()])

    assert outcomes(value) == [reason]
    assert decoded.outcome.tolist() == [Outcome.ACCEPTED, reason, Outcome.ACCEPTED]
    assert decoded.record.tolist() == [0, 1, 2]
    assert identities(decoded)[1] == b""


@pytest.mark.parametrize(
    ("value", "reason"), [(value, reason) for value, reason in BAD if value and value[:1] == b"{"]
)
def test_a_bad_line_leaves_the_other_lines_alone(value: bytes, reason: Outcome) -> None:
    """In newline-delimited JSON a bad line is one bad row, and the others live."""
    first_line = value.split(b"\n")[0]

    assert outcomes(text() + b"\n" + first_line + b"\r\n\n" + text()) == [
        Outcome.ACCEPTED,
        reason,
        Outcome.ACCEPTED,
    ]


@pytest.mark.parametrize("first_line", [b"garbage", b"null", b"\xff", b"{"])
def test_a_bad_first_line_leaves_the_other_lines_alone(first_line: bytes) -> None:
    """Newline-delimited JSON may begin with a bad line."""
    assert outcomes(first_line + b"\n" + text())[1:] == [Outcome.ACCEPTED]


def test_a_bad_element_leaves_the_other_elements_alone() -> None:
    """In an array a bad element is one bad row, with its place as index."""
    decoded = decode_positions([b"[" + b",".join([text(), b"7", text(lat=math.nan), b"{}", text()]) + b"]"])

    assert decoded.index.tolist() == [0, 1, 2, 3, 4]
    assert decoded.outcome.tolist() == [
        Outcome.ACCEPTED,
        Outcome.WRONG_TYPE,
        Outcome.NOT_FINITE,
        Outcome.MISSING_FIELD,
        Outcome.ACCEPTED,
    ]


def test_rows_stand_in_the_order_of_record_and_index() -> None:
    """Rows of the fast and the slow reader are merged in order, with their own identities."""
    values = [
        text(vehicle="a") + b"\n" + text(vehicle="b"),
        b"[" + text(vehicle="c", deep={}) + b"," + text(vehicle="d") + b"]",
        None,
        text(vehicle="é"),
        text(vehicle="f"),
    ]

    decoded = decode_positions(values)

    assert decoded.record.tolist() == [0, 0, 1, 1, 2, 3, 4]
    assert decoded.index.tolist() == [0, 1, 0, 1, 0, 0, 0]
    assert identities(decoded) == [b"id::a", b"id::b", b"id::c", b"id::d", b"", "id::é".encode(), b"id::f"]


@pytest.mark.parametrize(
    "value",
    [
        raw(speed_kmh="NaN", heading_deg='"north"', carrier="{}"),
        raw(speed_kmh="1e999", lane="9" * 5_000),
        raw(extra='"Müller \\u00e9 \\\\ \\" \\ud800"'),
        raw(**{"": "null", "vehicles": "1", "vehicl": "2", "emissions": "3", "VEHICLE": "4", "lats": "5"}),
        b" \r\n\t" + text().replace(b",", b" \t,\r ").replace(b":5", b" : 5") + b"\n",
        json.dumps(GOOD, indent=2).encode(),
        text(**{"class": None, "fuel": None, "emission": None}),
        b'{"lat":"x","lat":1e999,"lat":null,' + text()[1:],
        text().replace(b"vehicle", b"v\\u0065hicle"),
    ],
)
def test_what_nobody_uses_is_not_validated(value: bytes) -> None:
    """Unknown and unused fields, earlier duplicates and whitespace change nothing."""
    decoded = decode_positions([value])

    assert decoded.outcome.tolist() == [Outcome.ACCEPTED]
    assert decoded.event_us.tolist() == [GOOD_US]
    assert identities(decoded) == [b"plate:NL:VB123K"]


@pytest.mark.parametrize(
    ("time", "event_us"),
    [
        ("2026-11-23T07:12:15.120Z", GOOD_US),
        ("2026-11-23t07:12:15.12z", GOOD_US),
        ("2026-11-23 08:12:15.120+01:00", GOOD_US),
        ("2026-11-23T06:42:15.120000-00:30", GOOD_US),
        ("2026-11-23T07:12:15.1200009999999Z", GOOD_US),
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("2099-12-31T23:59:59.999999Z", 4_102_444_799_999_999),
        ("2100-01-01T00:59:59+01:00", 4_102_444_799_000_000),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        (1_795_417_935_120, GOOD_US),
        (1_795_417_935_120.0, GOOD_US),
        (0, 0),
        (0.0005, 0),
        (0.0015, 2),
        (1_795_417_935_120.5, GOOD_US + 500),
    ],
)
def test_event_times(time: str | float, event_us: int) -> None:
    """Times with offsets and epoch milliseconds give microseconds; further digits are cut off."""
    assert decode_positions([text(time=time)]).event_us.tolist() == [event_us]


@pytest.mark.parametrize(
    "number",
    ["52.0907", "-0.0", "-0", "0.1", "1e-5", "5.209070000000000000001e1", "0.30000000000000004",
     "89.99999999999999", "9007199254740993e-15", "1e-400", "12345678901234567890e-18", "4.35E1", "2.5e+1",
     "0." + "0" * 30 + "1", "1" + "0" * 330 + "e-330"],
)  # fmt: skip
def test_floats_are_correctly_rounded(number: str) -> None:
    """Coordinates have the bits that Python's float has, since zones are decided by the last bit."""
    decoded = decode_positions([raw(lat=number, lon=number)])

    expected = np.array([float(json.loads(number))])
    assert decoded.outcome.tolist() == [Outcome.ACCEPTED]
    assert decoded.lat.tobytes() == expected.tobytes()
    assert decoded.lon.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("vehicle", "identity"),
    [
        ("NL:VB-123-K", b"plate:NL:VB123K"),
        (" nl:vb 12.3k ", b"plate:NL:VB123K"),
        ("D:tü-ab 12", "plate:D:TÜAB12".encode()),
        ("D:tu\u0308-ab 12", "plate:D:TÜAB12".encode()),
        ("NLDX:VB-123-K", b"id::NLDX:VB-123-K"),
        ("N1:VB-123-K", b"id::N1:VB-123-K"),
        (":VB-123-K", b"id:::VB-123-K"),
        ("NL:", b"id::NL:"),
        ("NL:VB_123", b"id::NL:VB_123"),
        ("NL:VB:123", b"id::NL:VB:123"),
        ("yv2e4c3a5vb180691", b"id::yv2e4c3a5vb180691"),
        ("x", b"id::x"),
        ("x" * 124, b"id::" + b"x" * 124),
    ],
)
def test_one_vehicle_has_one_identity(vehicle: str, identity: bytes) -> None:
    """Plates are spelled one way; anything else stays as it is."""
    assert identities(decode_positions([text(vehicle=vehicle)])) == [identity]


@pytest.mark.parametrize(
    ("vehicle_class", "fuel", "emission", "code", "zero_emission"),
    [
        ("N2", "diesel", "euro6", VehicleClass.N2, ZeroEmission.NO),
        ("n3", "ELECTRIC", None, VehicleClass.N3, ZeroEmission.YES),
        ("N1", "fuel_cell", "euro6", VehicleClass.N1, ZeroEmission.YES),
        ("N1", "fuel\x7fcell", None, VehicleClass.N1, ZeroEmission.UNKNOWN),
        ("N1", "diesel", "Z", VehicleClass.N1, ZeroEmission.YES),
        ("N1", None, "EURO 5", VehicleClass.N1, ZeroEmission.NO),
        ("N1", None, "eur", VehicleClass.N1, ZeroEmission.UNKNOWN),
        ("N1", "steam", "clean", VehicleClass.N1, ZeroEmission.UNKNOWN),
        ("N1", "plug-in hybrid", "", VehicleClass.N1, ZeroEmission.NO),
        ("N1", "plug-in hybrid, old", "", VehicleClass.N1, ZeroEmission.UNKNOWN),
        ("M1", "electric", "zero", VehicleClass.M1, ZeroEmission.UNKNOWN),
        ("m1", "diesel", "euro6", VehicleClass.M1, ZeroEmission.UNKNOWN),
        ("L", "bev", None, VehicleClass.L, ZeroEmission.YES),
        ("Other", "H\u0130BRID", None, VehicleClass.OTHER, ZeroEmission.UNKNOWN),
        ("unknown", None, None, VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN),
        ("N2 ", None, None, VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN),
        ("", None, None, VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN),
    ],
)
def test_class_and_emission(
    vehicle_class: str, fuel: str | None, emission: str | None, code: int, zero_emission: int
) -> None:
    """Words say the class and whether the vehicle drives without emission; a car says no more than that."""
    decoded = decode_positions([text(**{"class": vehicle_class, "fuel": fuel, "emission": emission})])

    assert (decoded.vehicle_class.tolist(), decoded.zero_emission.tolist()) == ([code], [zero_emission])


def test_large_batches_are_read_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows stand in the order of their records, with their own identities, wherever chunks end."""
    values = [text(vehicle=f"v{number}") + b"\n" + text(vehicle=f"w{number}") for number in range(50)]
    values[7], values[20] = None, text(vehicle="é", deep={})
    whole = decode_positions(values)
    for size in (1, 300, 1_000, 4_000):
        monkeypatch.setattr("streams.decode.decoded_parts.CHUNK_BYTES", size)

        decoded = decode_positions(values)

        assert identities(whole) == identities(decoded)
        for name in ("record", "index", "outcome", "event_us", "lat", "lon"):
            assert getattr(whole, name).tolist() == getattr(decoded, name).tolist()


@pytest.mark.parametrize(
    "text",
    [
        '{"eventType":"x","event\\u0054ype":null,"vehiclePositionResponse":{"vehiclePositions":[{},{}]}}',
        '{"geo\\u0052eference":null,"geoReference":{},"vehiclePositionResponse":{"vehiclePositions":[]}}',
        '{"position":{},"posi\\u0074ion":null,"device":{},"entity":[{},{}]}',
    ],
)
def test_a_key_with_escapes_may_make_an_object_of_several_rows(text: str) -> None:
    """Its record is read by the readable reader as a whole; the records beside it are as they were."""
    value = f"[{text},{{}},{text}]".encode()

    decoded = decode_positions([b"{}", value, text.encode(), b"{}"])

    for record, given in enumerate([b"{}", value, text.encode(), b"{}"]):
        assert [row.outcome for row in rows_of_value(given)] == [
            Outcome(code) for code in decoded.outcome[decoded.record == record].tolist()
        ]
    assert decoded.record.tolist() == sorted(decoded.record.tolist())
