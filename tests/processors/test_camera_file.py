"""Cameras from CSV and VESDI messages: movements explicit or derived, refusals with their reasons."""

import contextlib
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import InvalidInputError
from processors.camera_feature import CameraFeature, CameraZone
from processors.camera_file import CameraFile, merge_cameras, read_cameras
from processors.camera_rows import camera_rows
from processors.camera_sight import derived_zone
from processors.vocabulary import Movement
from processors.zone_feature import ZoneFeature

IN, OUT, UNKNOWN = Movement.IN, Movement.OUT, Movement.UNKNOWN
CAMERA = UUID("7d3f6a52-0d6b-4f7e-9a41-3f0c8be0a911")
HEADER = "camera_id,name,lat,lon,azimuth_deg,zone_id,obverse,reverse"
RING = ((5.1, 52.0), (5.2, 52.0), (5.2, 52.1), (5.1, 52.1), (5.1, 52.0))
CENTRE = ZoneFeature("centre", "Centre", "zero_emission_zone", None, None, 76.0, ((RING,),))
OTHER = ZoneFeature("other", "Other", "other", None, None, 76.0, ((RING,),))
SOUTH_EDGE = {"location_lat": 52.0, "location_lon": 5.15}


def read_csv(*rows: str, header: str = HEADER) -> CameraFile:
    """Read a CSV file of *rows* about two zones."""
    return read_cameras("\n".join((header, *rows)).encode(), [CENTRE, OTHER])


def message(message_type: str = "camera_registration", **fields: Any) -> dict[str, Any]:
    """Return a message about one camera on the southern edge of the zone that looks south."""
    camera = {
        "camera_id": str(CAMERA),
        "address_formatted": "Kade 1",
        "azimuth_deg": 180,
        "zone_id": "centre",
    }
    return {
        "message_type": message_type,
        "schema_version": "anpr-2.0.0",
        "payload": [camera | SOUTH_EDGE | fields],
    }


def read_messages(*messages: Any) -> CameraFile:
    """Read an array of messages."""
    return read_cameras(json.dumps(messages).encode(), [CENTRE, OTHER])


def refusals(file: CameraFile) -> list[str]:
    """Return the reasons of the refusals."""
    return [report.message for report in file.reports if report.action == "refused"]


def test_rows_of_one_camera_give_it_several_zones() -> None:
    """Explicit movements are taken as they are."""
    file = read_csv(f"{CAMERA},Kade,52.0,5.15,180,centre,in,out", f"{CAMERA},,,,,other,OUT,unknown")

    zones = (CameraZone("centre", IN, OUT, UNKNOWN), CameraZone("other", OUT, UNKNOWN, UNKNOWN))
    assert file.features == [CameraFeature(CAMERA, "Kade", 52.0, 5.15, 180.0, zones)]
    assert file.reports == []


def test_other_separators_orders_and_decimal_commas_are_understood() -> None:
    """A spreadsheet in Dutch saves semicolons, decimal commas and a byte order mark."""
    header = "zone_id;lat;lon;obverse;reverse;unknown;camera_id;name;azimuth_deg"
    text = f"{header}\r\ncentre;52,0;5,15;in;out;in;{CAMERA};Kade;\r\n"

    file = read_cameras(text.encode("utf-8-sig"), [CENTRE])

    assert file.features == [
        CameraFeature(CAMERA, "Kade", 52.0, 5.15, None, (CameraZone("centre", IN, OUT, IN),))
    ]


def test_missing_movements_are_derived_from_the_azimuth() -> None:
    """A camera on the southern edge that looks south sees vehicles approach that drive in."""
    file = read_csv(f"{CAMERA},Kade,52.0,5.15,180,centre,,")

    assert file.features[0].zones == (CameraZone("centre", IN, OUT, UNKNOWN),)


def test_without_an_azimuth_missing_movements_are_unknown_and_reported() -> None:
    """Nothing is guessed, and the report says why."""
    file = read_csv(f"{CAMERA},Kade,52.0,5.15,,centre,,")

    assert file.features[0].zones == (CameraZone("centre", UNKNOWN, UNKNOWN, UNKNOWN),)
    assert [report.action for report in file.reports] == ["defaulted"]


@pytest.mark.parametrize(
    ("lat", "azimuth_deg", "obverse", "reverse"),
    [
        (52.0, 180, IN, OUT),
        (52.0, 0, OUT, IN),
        (52.05, 0, UNKNOWN, UNKNOWN),
        (52.1, 0, IN, OUT),
    ],
)
def test_the_movement_is_from_outside_to_inside_or_the_other_way(
    lat: float, azimuth_deg: float, obverse: Movement, reverse: Movement
) -> None:
    """Far from the edge there is no movement."""
    zone = derived_zone(CENTRE, lat=lat, lon=5.15, azimuth_deg=azimuth_deg)

    assert (zone.obverse, zone.reverse) == (obverse, reverse)


@given(st.floats(51.9, 52.2), st.floats(5.0, 5.3), st.floats(0, 360))
def test_reverse_is_always_the_opposite_of_obverse(lat: float, lon: float, azimuth_deg: float) -> None:
    """A vehicle that drives the other way moves the other way."""
    zone = derived_zone(CENTRE, lat=lat, lon=lon, azimuth_deg=azimuth_deg)

    assert {IN: OUT, OUT: IN, UNKNOWN: UNKNOWN}[zone.obverse] == zone.reverse


@pytest.mark.parametrize("code", [0x85, 0x0B, 0x0C, 0x1C, 0x2028, 0x2029])
def test_only_line_ends_end_a_line_of_messages(code: int) -> None:
    """Other signs that some call line breaks stand in texts, where JSON allows them."""
    told = message(address_formatted=f"Kade{chr(code)}1")
    line = json.dumps(told, ensure_ascii=code < 0x20).encode()

    assert 2 == len(camera_rows(line + b"\r\n" + line))
    assert [None] * 2 == [row.defect for row in camera_rows(line + b"\n" + line + b"\n")]


@pytest.mark.parametrize("separator", ["array", "lines", "single"])
def test_messages_come_single_as_an_array_or_one_per_line(separator: str) -> None:
    """All three forms give the same camera."""
    one = json.dumps(message())
    document = {"array": f"[{one}]", "lines": f"{one}\n{one.replace('centre', 'other')}\n", "single": one}[
        separator
    ]

    file = read_cameras(document.encode(), [CENTRE, OTHER])

    assert file.features[0].zones[0] == CameraZone("centre", IN, OUT, UNKNOWN)
    assert (file.features[0].name, file.reports) == ("Kade 1", [])


@pytest.mark.parametrize(
    ("direction", "unknown"), [("obverse", IN), ("reverse", OUT), ("bidirectional", UNKNOWN)]
)
def test_a_camera_that_sees_one_direction_means_it_when_it_says_none(
    direction: str, unknown: Movement
) -> None:
    """The traffic direction of the registry settles what an unknown direction is."""
    file = read_messages(message(traffic_direction=direction))

    assert file.features[0].zones[0].unknown == unknown


def test_an_update_replaces_what_was_registered() -> None:
    """Fields that the update leaves out stay, and movements are derived again."""
    update = message("camera_update", azimuth_deg=0, zone_id=None, location_lat=None, location_lon=None)

    file = read_messages(message(), update)

    assert file.features == [
        CameraFeature(CAMERA, "Kade 1", 52.0, 5.15, 0.0, (CameraZone("centre", OUT, IN, UNKNOWN),))
    ]


def test_an_inactive_camera_and_one_without_zone_are_kept_and_reported() -> None:
    """Late detections of an inactive camera still count."""
    file = read_messages(message(camera_status="inactive", zone_id=None, location_lat=53.0))

    assert file.features[0].zones == ()
    assert [report.action for report in file.reports] == ["defaulted", "defaulted"]


@pytest.mark.parametrize("zone_id", [None, "ZE-ZONE-OF-THE-SUPPLIER"])
def test_a_supplier_who_does_not_know_our_zones_gets_them_by_geometry(zone_id: str | None) -> None:
    """Those across whose edge the camera looks, with the movement, and those in which it stands."""
    edge = read_messages(message(zone_id=zone_id))
    inside = read_messages(message(zone_id=zone_id, location_lat=52.05))
    blind = read_messages(message(zone_id=zone_id, azimuth_deg=None, location_lat=51.9999))

    assert {CameraZone(name, IN, OUT, UNKNOWN) for name in ("centre", "other")} == set(edge.features[0].zones)
    assert {UNKNOWN} == {zone.obverse for zone in inside.features[0].zones}
    assert () == blind.features[0].zones


def test_rows_change_cameras_that_are_known() -> None:
    """One that has moved gets other zones; one that is not named stays as it is."""
    known = read_messages(message(zone_id=None)).features
    away = camera_rows(json.dumps(message("camera_update", zone_id=None, location_lat=53.0)).encode())
    turned = camera_rows(json.dumps(message("camera_update", zone_id=None, azimuth_deg=0)).encode())

    assert known == merge_cameras([], [CENTRE, OTHER], known).features
    assert () == merge_cameras(away, [CENTRE, OTHER], known).features[0].zones
    assert OUT == merge_cameras(turned, [CENTRE, OTHER], known).features[0].zones[0].obverse


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("camera-1,Kade,52.0,5.15,180,centre,in,out", "UUID"),
        (f"{CAMERA},Kade,52.0,5.15,180,nowhere,in,out", "unknown; load the zones first"),
        (f"{CAMERA},Kade,nan,5.15,180,centre,in,out", "latitude"),
        (f"{CAMERA},Kade,52.0,181,180,centre,in,out", "longitude"),
        (f"{CAMERA},Kade,,5.15,180,centre,in,out", "latitude"),
        (f"{CAMERA},Kade,52.0,5.15,361,centre,in,out", "azimuth_deg"),
        (f"{CAMERA},Kade,52.0,5.15,180,centre,inward,out", "movement"),
        (f"{CAMERA},Kade,52.0,5.15,180,centre,in,out,5", "9 cells"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_others_are_kept(row: str, reason: str) -> None:
    """One wrong row does not spoil the file."""
    file = read_csv(row, f"{CAMERA},Kade,52.0,5.15,180,other,in,out")

    assert [zone.zone_id for zone in file.features[0].zones] == ["other"]
    assert [reason in text for text in refusals(file)] == [True]


def test_contradicting_and_repeated_rows_are_refused() -> None:
    """A camera stands in one place and has a zone once."""
    good = f"{CAMERA},Kade,52.0,5.15,180,centre,in,out"

    file = read_csv(good, good, f"{CAMERA},Kade,52.01,5.15,180,other,in,out")

    assert ["already" in refusals(file)[0], "another place" in refusals(file)[1]] == [True, True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (7, "not a JSON object"),
        (message("anpr_observation_batch"), "message_type"),
        (message() | {"payload": []}, "no payload"),
        (message() | {"payload": [3]}, "not a JSON object"),
        (message(location_lat=True), "latitude"),
        (message(traffic_direction="both"), "traffic_direction"),
        (message(zone_id=5), "unknown"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(content: Any, reason: str) -> None:
    """Nothing of the message is taken, and the reason names the field."""
    file = read_messages(content)

    assert file.features == []
    assert [reason in text for text in refusals(file)] == [True]


def test_a_long_name_is_cut() -> None:
    """A supplier's address may have any length; the screens have not."""
    file = read_messages(message(address_formatted="Straat" * 100))

    assert ("Straat" * 100)[:200] == file.features[0].name
    assert [(0, str(CAMERA), "defaulted", "a name of 600 signs: its first 200 are shown")] == file.reports


def test_a_name_that_fits_is_taken_whole() -> None:
    """Blanks around it do not count."""
    file = read_messages(message(address_formatted=" " + "a" * 200 + " "))

    assert ("a" * 200, []) == (file.features[0].name, file.reports)


@pytest.mark.parametrize(
    "field", ["camera_id", "zone_id", "location_lat", "location_lon", "azimuth_deg", "traffic_direction"]
)
def test_a_refusal_fits_a_line(field: str) -> None:
    """Whatever a supplier sent: it goes to a terminal and to the log."""
    file = read_messages(message("camera_update", **{field: "\x1b[2J" + "x" * 20_000}))

    (report,) = (report for report in file.reports if report.action in {"refused", "defaulted"})
    assert "\\x1b[2Jxxx" in report.message
    assert len(report.message) < 200
    assert report.camera_id == (None if field == "camera_id" else str(CAMERA))


def test_a_movement_of_any_length_is_refused_in_a_line() -> None:
    """A file may hold any text in place of a word."""
    file = read_csv(f"{CAMERA},Kade,52.0,5.15,180,centre,{'x' * 20_000},out")

    assert [f"a movement must be one of in, out, unknown, not 'x{'x' * 58}…"] == refusals(file)


OVERLONG = f"{HEADER}\n{'x' * 200_000}".encode()  # beyond what a CSV cell may hold


@pytest.mark.parametrize("document", [OVERLONG, b"", b"\xff", b"a,b\n1,2", b"{", b"[" * 100_000])
def test_a_document_that_is_no_camera_file_is_an_error(document: bytes) -> None:
    """The whole file is refused in one sentence."""
    with pytest.raises(InvalidInputError, match=r"^The camera file .*\.$"):
        read_cameras(document, [])


def test_a_camera_file_in_another_encoding_is_refused() -> None:
    """With the line that shows it, and what to do."""
    document = f"{HEADER}\n\nCafé".encode("cp1252")

    with pytest.raises(InvalidInputError, match=r"as line 3 shows: save it as UTF-8"):
        read_cameras(document, [])


@given(st.text())
def test_any_text_is_read_or_refused_as_a_whole(text: str) -> None:
    """No content makes the reader fail in another way."""
    for document in (f"{HEADER}\n{text}", text):
        with contextlib.suppress(InvalidInputError):
            read_cameras(document.encode("utf-8", "replace"), [CENTRE])


@pytest.mark.parametrize("zone_id", [["centre"], {"id": "centre"}, 7, True])
def test_a_zone_that_is_no_text_refuses_its_camera(zone_id: object) -> None:
    """Alone, and without an error."""
    file = read_cameras(json.dumps(message(zone_id=zone_id, **SOUTH_EDGE)).encode(), [CENTRE, OTHER])

    assert [] == file.features
    assert ["refused"] == [report.action for report in file.reports]
