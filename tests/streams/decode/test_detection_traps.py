"""What real senders of detections do, each with what becomes of it."""

import json
import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.names import camera_uuid
from processors.vocabulary import Direction, Outcome, VehicleClass, ZeroEmission
from streams.decode.detection_formats import DetectionFormat, rows_of_record
from streams.decode.detection_row import DetectionRow, TimeReading
from streams.decode.detections import decode_detections, read_detections

OBSERVATION: Final = "f9b90f2c-7e1c-4dc4-bb06-9e8a0d1c7f31"
CAMERA: Final = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
NOON: Final = "2026-11-23T11:00:00.000Z"
NOON_US: Final = 1_795_431_600_000_000
HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
HEADER: Final = "Id;Tijd(CET);Hash;Land;Klasse;Locatie"
HOUR_US: Final = 3_600_000_000


def first(**changes: Any) -> dict[str, Any]:
    """Return a detection of version 1 with some fields changed."""
    detection = {
        "observation_id": OBSERVATION,
        "camera_id": CAMERA,
        "event_time": NOON,
        "plate": {"country": "NL", "text": "VB123K"},
        "read_quality": {"confidence": 0.9},
        "detection_direction": "obverse",
    }
    return detection | changes


def camera(kind: str = "camera_registration", **changes: Any) -> dict[str, Any]:
    """Return a message about one camera."""
    registered = {"camera_id": CAMERA, "location_lat": 52.09, "location_lon": 5.12, "azimuth_deg": 145}
    return {"message_type": kind, "schema_version": "anpr-2.0.0", "payload": [registered | changes]}


def passage(**changes: Any) -> dict[str, Any]:
    """Return an Amsterdam passage with some fields changed."""
    whole: dict[str, Any] = {
        "id": OBSERVATION,
        "version": "passage-v2",
        "timestamp": "2026-11-23T12:00:00+01:00",
        "camera": {
            "id": CAMERA,
            "naam": "Prins Bernhardplein",
            "kijkrichting": 112.5,
            "locatie": {"latitude": 52.346, "longitude": 4.9145},
            "rijrichting": "NAAR",
        },
        "voertuig": {"kenteken": {"kentekenHash": HASH, "landcode": "NL"}},
    }
    return whole | changes


def vehicle(**fields: Any) -> dict[str, Any]:
    """Return a passage of a vehicle of which the register says something."""
    return passage(voertuig={"kenteken": {"kentekenHash": HASH, "landcode": "NL"}, **fields})


def lines(*rows: str, header: str = HEADER) -> bytes:
    """Return a file of the legacy CSV."""
    return "\n".join((header, *rows)).encode()


def only(record: bytes | dict[str, Any]) -> DetectionRow:
    """Return the one row of a record."""
    rows = rows_of_record(record if isinstance(record, bytes) else json.dumps(record).encode())
    assert 1 == len(rows)
    return rows[0]


REASONS: Final[dict[str, tuple[Any, Outcome]]] = {
    "a camera is registered": (camera(), Outcome.REGISTERED),
    "a camera is updated without its place": (
        camera("camera_update", location_lat=None, location_lon=None),
        Outcome.REGISTERED,
    ),
    "a new camera without a place": (camera(location_lat=None), Outcome.MISSING_FIELD),
    "an update with half a place": (camera("camera_update", location_lat=None), Outcome.MISSING_FIELD),
    "a camera whose id is no UUID": (camera(camera_id="kade 1"), Outcome.BAD_IDENTIFIER),
    "a camera beyond the pole": (camera(location_lat=91), Outcome.OUT_OF_RANGE),
    "a camera that looks past north": (camera(azimuth_deg=361), Outcome.OUT_OF_RANGE),
    "a camera with a text for its azimuth": (camera(azimuth_deg="south"), Outcome.WRONG_TYPE),
    "a camera in a list of zones": (camera(zone_id=["centre"]), Outcome.WRONG_TYPE),
    "a camera in a zone with parts": (camera(zone_id={"id": "centre"}), Outcome.WRONG_TYPE),
    "a camera in a zone that is a number": (camera(zone_id=7), Outcome.WRONG_TYPE),
    "a camera of both directions": (camera(traffic_direction="both"), Outcome.WRONG_TYPE),
    "version 1 without a plate": (first(plate=None), Outcome.MISSING_FIELD),
    "version 1 with a plate that is text": (first(plate="VB123K"), Outcome.MISSING_FIELD),
    "version 1 without a quality": (first(read_quality=None), Outcome.ACCEPTED),
    "version 1 with the plate of version 2": (
        first(plate=None, plate_country="NL", plate_text="VB123K"),
        Outcome.ACCEPTED,
    ),
    "a passage without a hash": (vehicle(kenteken={"landcode": "NL"}), Outcome.MISSING_FIELD),
    "a passage of local time": (passage(timestamp="2026-11-23T12:00:00"), Outcome.BAD_TIME),
    "a passage too sure of itself": (
        passage(betrouwbaarheid={"kentekenBetrouwbaarheid": 1001}),
        Outcome.OUT_OF_RANGE,
    ),
    "a line without a hash": (lines("1;2026-11-23 12:00:00;;NL;LB;Kade"), Outcome.MISSING_FIELD),
    "a line of too few cells": (lines("1;2026-11-23 12:00:00"), Outcome.MISSING_FIELD),
    "a line of the hour that spring leaves out": (
        lines(f"1;2027-03-28 02:30:00;{HASH};NL;LB;Kade"),
        Outcome.BAD_TIME,
    ),
    "a day that is none": (lines(f"1;2026-02-30 12:00:00;{HASH};NL;LB;Kade"), Outcome.BAD_TIME),
    "a header and nothing else": (lines(), Outcome.EMPTY),
}


@pytest.mark.parametrize("trap", REASONS)
def test_a_trap_ends_as_the_table_says(trap: str) -> None:
    """One row, with its reason where it is no observation."""
    record, expected = REASONS[trap]

    assert expected == only(record).outcome


def test_version_1_gives_what_version_2_gives() -> None:
    """With an envelope or one per line, the same observation."""
    flat = {name: field for name, field in first().items() if name not in ("plate", "read_quality")}
    flat |= {"plate_country": "NL", "plate_text": "VB123K", "read_confidence": 0.9}
    second = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": [flat]}
    wrapped = {"message_type": "anpr_observation_batch", "schema_version": "anpr-1.0.0", "payload": [first()]}
    line = json.dumps(first()).encode()

    expected = only(second)
    assert Outcome.ACCEPTED == expected.outcome
    assert [expected, expected] == [only(wrapped), only(first())]
    assert [expected] * 3 == rows_of_record(b"\n".join([line] * 3))


@pytest.mark.parametrize(
    ("word", "direction"),
    [("NAAR", Direction.OBVERSE), ("van", Direction.REVERSE), ("?", Direction.UNKNOWN)],
)
def test_a_passage_towards_the_camera_shows_the_front_plate(word: str, direction: Direction) -> None:
    """The direction stands in the camera, or beside it."""
    inside = passage(camera={**passage()["camera"], "rijrichting": word})
    outside = {name: field for name, field in passage()["camera"].items() if name != "rijrichting"}

    assert direction == only(inside).direction
    assert direction == only(passage(camera=outside, rijrichting=word)).direction


def test_null_in_one_spelling_hides_no_other() -> None:
    """It means absent, of directions and of fuels."""
    inside = {**passage()["camera"], "rijrichting": None}
    fuels = [{"naam": None, "brandstof": "Elektriciteit"}]

    assert Direction.REVERSE == only(passage(camera=inside, rijrichting="VAN")).direction
    assert ZeroEmission.YES == only(vehicle(europeseVoertuigcategorie="N1", brandstoffen=fuels)).zero_emission


def test_reliabilities_go_to_a_thousand() -> None:
    """In the plate or beside the vehicle; nothing said is sure."""
    plate = {"kentekenHash": HASH, "landcode": "NL", "betrouwbaarheid": {"kentekenBetrouwbaarheid": 640}}

    assert 0.64 == only(passage(voertuig={"kenteken": plate})).confidence
    assert 0.25 == only(passage(betrouwbaarheid={"kentekenBetrouwbaarheid": 250})).confidence
    assert 1.0 == only(passage()).confidence


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"europeseVoertuigcategorie": "N1", "brandstoffen": [{"naam": "Elektriciteit"}]},
            (VehicleClass.N1, ZeroEmission.YES),
        ),
        (
            {"europeseVoertuigcategorie": "N", "toegestaneMaximumMassaVoertuig": 18_000},
            (VehicleClass.N3, ZeroEmission.UNKNOWN),
        ),
        (
            {
                "europeseVoertuigcategorie": "N2",
                "brandstoffen": [{"naam": "Diesel"}, {"naam": "Elektriciteit"}],
            },
            (VehicleClass.N2, ZeroEmission.NO),
        ),
        (
            {"europeseVoertuigcategorie": "M1", "brandstoffen": [{"naam": "Elektriciteit"}]},
            (VehicleClass.M1, ZeroEmission.UNKNOWN),
        ),
        ({"voertuigSoort": "Bedrijfsauto"}, (VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN)),
    ],
)
def test_a_passage_says_what_the_register_knows(
    fields: dict[str, Any], expected: tuple[VehicleClass, ZeroEmission]
) -> None:
    """Class and emission; of a private car nothing but that it is one."""
    row = only(vehicle(**fields))

    assert expected == (row.vehicle_class, row.zero_emission)


@pytest.mark.parametrize("is_exchanged", [True, False])
def test_the_place_of_a_passage_is_exchanged_back(is_exchanged: bool) -> None:
    """The converter has put latitude and longitude in each other's place."""
    place = {"latitude": 52.346, "longitude": 4.9145}
    if is_exchanged:
        place = {"latitude": place["longitude"], "longitude": place["latitude"]}
    message = passage(camera={**passage()["camera"], "locatie": place})
    (told,) = read_detections([json.dumps(message).encode()]).cameras

    assert (52.346, 4.9145, 112.5) == (told.lat, told.lon, told.azimuth_deg)
    assert str(camera_uuid(CAMERA)) == told.camera_id
    assert camera_uuid(CAMERA).int == only(passage()).camera


def test_cameras_of_other_names_have_ids_of_their_own() -> None:
    """A name is the same camera everywhere, and no name fails."""
    names = ["ANPR-03093-A", "ANPR-03094-A", "Kade 1", "\ud800"]
    found = [only(passage(camera={**passage()["camera"], "id": name})).camera for name in names]

    assert len(names) == len(set(found))
    assert camera_uuid(" ANPR-03093-A ").int == found[0]


@pytest.mark.parametrize(
    "time", ["2026-11-23 12:00:00", "2026-11-23T12:00:00.000", "23-11-2026 12:00:00", "23-11-2026 12:00"]
)
def test_a_line_has_a_local_time(time: str) -> None:
    """In either spelling of the date; the column's name says CET and means the clock on the wall."""
    row = only(lines(f"1;{time};{HASH};NL;LB;Kade"))

    assert (NOON_US, TimeReading.CERTAIN) == (row.event_us, row.reading)
    assert (VehicleClass.N1, camera_uuid("Kade").int) == (row.vehicle_class, row.camera)
    assert f"hash:NL:{HASH}".encode() == row.identity


@pytest.mark.parametrize("code", [0x85, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E, 0x2028, 0x2029])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_only_line_ends_end_a_line(code: int, ending: str) -> None:
    """Byte 0x85 of a file with one byte per letter is three dots in a name; separators of Unicode are signs, too."""
    text = ending.join(f"{n};2026-11-23 12:00:00;{HASH};NL;LB;Kade{chr(code)}1" for n in range(3))
    encoding = "latin-1" if code <= 0xFF else "utf-8"

    rows = rows_of_record(text.encode(encoding) + ending.encode())

    sign = "…" if code == 0x85 else chr(code)
    assert [(Outcome.ACCEPTED, camera_uuid(f"Kade{sign}1").int)] * 3 == [
        (row.outcome, row.camera) for row in rows
    ]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (b"\xe9\xe9n \x96 Oude Gracht", "\u00e9\u00e9n \u2013 Oude Gracht"),
        (b"\x80uroplein \x91s", "\u20acuroplein \u2018s"),
        (b"\xe9\x81", "\u00e9\u0081"),
        (b"\xc3\xa9\xc3\xa9n \xe2\x80\x93 Oude Gracht", "\u00e9\u00e9n \u2013 Oude Gracht"),
    ],
)
def test_a_place_is_the_same_camera_in_utf_8_and_as_windows_writes_it(place: bytes, name: str) -> None:
    """One byte per letter is that of Windows; what means nothing there stays as it is."""
    row = only(f"{HEADER}\n1;2026-11-23 12:00:00;{HASH};NL;LB;".encode() + place)

    assert (Outcome.ACCEPTED, camera_uuid(name).int) == (row.outcome, row.camera)


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5), st.sampled_from(["utf-8", "latin-1"]))
def test_a_line_is_one_row_whatever_signs_its_cells_have(names: list[str], encoding: str) -> None:
    """But for those that CSV itself gives a meaning."""
    names = [re.sub('[;"\r\n\0]', "", name).encode(encoding, "ignore").decode(encoding) for name in names]
    record = lines(*(f"{n};2026-11-23 12:00:00;{HASH};NL;LB;x{name}" for n, name in enumerate(names)))

    rows = rows_of_record(record if encoding == "utf-8" else record.decode().encode("latin-1"))

    assert len(names) == len(rows)


def test_both_passes_of_the_repeated_hour_are_told_apart() -> None:
    """Rows stand in the order of time, so a time that goes back is of the second pass; each reading is reported."""
    times = ["01:59:59", "02:00:01", "02:59:59", "02:00:00", "02:30:00", "02:59:59", "03:00:00"]
    rows = rows_of_record(lines(*(f"{n};2026-10-25 {t};{HASH};NL;LB;Kade" for n, t in enumerate(times))))

    start_us = rows[0].event_us
    seconds = [(row.event_us - start_us) // 1_000_000 for row in rows]
    assert [0, 2, 3_600, 3_601, 5_401, 7_200, 7_201] == seconds
    certain, one, two = TimeReading.CERTAIN, TimeReading.FIRST, TimeReading.SECOND
    assert [certain, one, one, two, two, two, certain] == [row.reading for row in rows]


def test_a_little_disorder_is_no_second_pass() -> None:
    """Cameras of one file are seconds apart."""
    times = ["02:10:05", "02:10:02", "02:10:07"]
    rows = rows_of_record(lines(*(f"{n};2026-10-25 {t};{HASH};NL;LB;Kade" for n, t in enumerate(times))))

    assert [-3, 2] == [(row.event_us - rows[0].event_us) // 1_000_000 for row in rows[1:]]
    assert TimeReading.SECOND not in [row.reading for row in rows]


def test_a_lone_row_of_the_repeated_hour_says_that_it_is_assumed() -> None:
    """Nothing in the record tells which pass it is of."""
    row = only(lines(f"1;2026-10-25 02:30:00;{HASH};NL;LB;Kade"))

    assert TimeReading.ASSUMED_FIRST == row.reading
    assert [TimeReading.ASSUMED_FIRST] == decode_detections(
        [lines(f"1;2026-10-25 02:30:00;{HASH};NL;LB;Kade")]
    ).time_reading.tolist()


def test_a_code_beats_the_register_in_a_line() -> None:
    """Ignoring it counted trucks as cars."""
    header = f"{HEADER};Europese voertuigcategorie;Toegestane maximum massa voertuig;Brandstof omschrijving"
    rows = rows_of_record(
        lines(
            f"1;2026-11-23 12:00:00;{HASH};NL;ZB;Kade;M1;7500;Diesel",
            f"2;2026-11-23 12:00:01;{HASH};NL;;Kade;N1;3000;Elektriciteit",
            f"3;2026-11-23 12:00:02;{HASH};BE;FOR;Kade;;;",
            header=header,
        )
    )

    assert [
        (VehicleClass.N2, ZeroEmission.NO),
        (VehicleClass.N1, ZeroEmission.YES),
        (VehicleClass.UNKNOWN, ZeroEmission.UNKNOWN),
    ] == [(row.vehicle_class, row.zero_emission) for row in rows]


def test_lines_without_a_header_have_the_usual_columns() -> None:
    """As a stream of them would be."""
    line = f"17;2026-11-23 12:00:00;{HASH};NL;ZB;Café"

    rows = rows_of_record(f"{line}\n{line.replace('17;', '18;')}".encode())
    older = rows_of_record(line.encode("latin-1"))

    assert [VehicleClass.N3] * 2 == [row.vehicle_class for row in rows]
    assert rows[0].observation != rows[1].observation
    assert rows[0] == older[0]


@given(st.binary(max_size=60), st.sampled_from(DetectionFormat))
def test_no_bytes_raise_in_any_format(tail: bytes, format_: DetectionFormat) -> None:
    """Whatever a setting says of the format."""
    for record in (tail, b"Id;" + tail, b"1;" + tail, b'{"voertuig":{},"camera":{}' + tail):
        assert rows_of_record(record, format_)


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from([first(), passage(), camera(), camera("camera_update")]), st.data())
def test_no_fields_raise(message: dict[str, Any], data: st.DataObject) -> None:
    """Anything in the place of any field, at any depth, gives rows."""
    changed = json.loads(json.dumps(message))
    part = changed
    while True:
        name = data.draw(st.sampled_from(list(part) if isinstance(part, dict) else range(len(part))))
        inner = part[name]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            part[name] = data.draw(JSON)
            break
        part = inner

    told = read_detections([json.dumps(changed).encode()])

    assert 1 <= told.decoded.outcome.size
