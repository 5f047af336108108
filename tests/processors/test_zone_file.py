"""Zones from GeoJSON: exact where valid, repaired where safe, refused with a reason otherwise."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import InvalidInputError
from processors.zone_file import ZoneFile, read_zones
from processors.zone_points import contains

SQUARE = [[5.1, 52.0], [5.2, 52.0], [5.2, 52.1], [5.1, 52.1], [5.1, 52.0]]
BOW_TIE = [[5.0, 52.0], [5.2, 52.2], [5.2, 52.0], [5.0, 52.2], [5.0, 52.0]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


def polygon(*rings: Any) -> dict[str, Any]:
    """Return a GeoJSON Polygon."""
    return {"type": "Polygon", "coordinates": list(rings)}


def feature(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    """Return a complete Feature whose properties can be replaced or, with the value ..., removed."""
    given_properties = {"id": "a", "name": "A", "kind": "hub"} | properties
    kept = {key: value for key, value in given_properties.items() if value is not ...}
    return {
        "type": "Feature",
        "properties": kept,
        "geometry": polygon(SQUARE) if geometry is None else geometry,
    }


def read(*features: Any) -> ZoneFile:
    """Read a collection of *features*."""
    return read_zones(json.dumps({"type": "FeatureCollection", "features": features}).encode())


def only_refusal(file: ZoneFile) -> str:
    """Return the reason of the one refusal of a file without zones."""
    assert file.features == []
    assert [report.action for report in file.reports] == ["refused"]
    return file.reports[0].message


def test_a_valid_feature_is_taken_as_it_is() -> None:
    """All properties are read, and nothing is reported."""
    file = read(feature(municipality="GM0344", capacity=40))

    zone = file.features[0]
    assert file.reports == []
    assert (
        zone.zone_id,
        zone.name,
        zone.kind,
        zone.municipality,
        zone.capacity,
    ) == ("a", "A", "hub", "GM0344", 40)
    assert ((tuple(map(tuple, SQUARE)),),) == zone.polygons


@pytest.mark.parametrize(
    ("zone_id", "reason"),
    [
        ("z" * 101, "properties.id is longer than 100 bytes: 'zzz"),
        ("é" * 51, "properties.id is longer than 100 bytes: 'ééé"),
        ("z" * 20_000, "properties.id is longer than 100 bytes: 'zzz"),
        ("a\nb", "properties.id holds a sign that cannot be printed: 'a\\nb'"),
        ("a\x7f", "properties.id holds a sign that cannot be printed: 'a\\x7f'"),
    ],
)
def test_an_id_that_keys_cannot_hold_is_refused(zone_id: str, reason: str) -> None:
    """Alone: the other zones of the file are kept, and the sentence fits a line."""
    file = read(feature(id=zone_id), feature(id="z" * 100))

    assert ["z" * 100] == [zone.zone_id for zone in file.features]
    assert [(0, "refused")] == [(report.feature_index, report.action) for report in file.reports]
    assert file.reports[0].message.startswith(reason)
    assert len(file.reports[0].message) < 150


@pytest.mark.parametrize("zone_id", ["z" * 101, "é" * 51, "a\nb", "a\x1b[2J", "a\0b", "\ud800", " "])
def test_a_report_names_no_id_that_cannot_be_used(zone_id: str) -> None:
    """It goes to a terminal; its sentence shows enough of the id."""
    assert [None] == [report.zone_id for report in read(feature(id=zone_id)).reports]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Kade\nNoord", "Kade Noord"),
        (" \tKade\r\n", "Kade"),
        ("Kade\x1b[2J", "Kade [2J"),
        ("Kade\0Noord", "Kade Noord"),
        ("Kade\u202eNoord", "Kade Noord"),
    ],
)
def test_signs_of_a_name_that_cannot_be_printed_become_blanks(name: str, shown: str) -> None:
    """It stands in lines of messages, mails and terminals; the repair is told."""
    file = read(feature(name=name))

    assert shown == file.features[0].name
    assert [("repaired", f"a name with signs that cannot be printed: taken as {shown!r}")] == [
        (report.action, report.message) for report in file.reports
    ]


@pytest.mark.parametrize("name", ["Kade  Noord ", "Café 't Hoekje", "市場 🚚", "a" * 200])
def test_a_name_that_can_be_printed_stays(name: str) -> None:
    """With every blank of it."""
    file = read(feature(name=name))

    assert (name, []) == (file.features[0].name, file.reports)


@pytest.mark.parametrize("name", ["\n\0\t", "\u200b", " ", "a\ud800"])
def test_a_name_of_which_nothing_can_be_shown_is_replaced(name: str) -> None:
    """By the id."""
    file = read(feature(name=name))

    assert "a" == file.features[0].name
    assert [("defaulted", "no usable name: the id is shown instead")] == [
        (report.action, report.message) for report in file.reports
    ]


def test_a_long_name_is_cut() -> None:
    """A repair, which is told."""
    file = read(feature(name="Straat" * 100))

    assert ("Straat" * 100)[:200] == file.features[0].name
    assert [("repaired", "a name of 600 signs: its first 200 are shown")] == [
        (report.action, report.message) for report in file.reports
    ]


@pytest.mark.parametrize("code", ["gm0363", " GM0363", "Gm0363 "])
def test_a_municipality_in_other_letters_is_put_right(code: str) -> None:
    """Since tokens and rules name it by its code."""
    file = read(feature(municipality=code))

    assert "GM0363" == file.features[0].municipality
    assert [("repaired", f"municipality {code!r}: taken as 'GM0363'")] == [
        (report.action, report.message) for report in file.reports
    ]


@pytest.mark.parametrize("code", ["Utrecht", "GM363", "GM03630", "0363", 363, "", True, "GM\u0660363"])
def test_a_municipality_that_is_no_code_is_refused(code: object) -> None:
    """No token and no rule could name it."""
    file = read(feature(municipality=code))

    assert [] == file.features
    assert (
        f"municipality must be a CBS code in text such as 'GM0363', not {code!r}" == file.reports[0].message
    )


@given(st.lists(st.tuples(st.floats(4, 5), st.floats(51, 52)), min_size=1, max_size=1))
def test_valid_coordinates_are_kept_bit_for_bit(corner: list[tuple[float, float]]) -> None:
    """No coordinate of a valid ring changes, not even in its last digit."""
    ring = [list(corner[0]), [6.1, 50.3], [6.3, 53.7], list(corner[0])]

    zone = read(feature(polygon(ring))).features[0]

    assert tuple(map(tuple, ring)) == zone.polygons[0][0]


def test_the_area_is_that_of_the_sphere() -> None:
    """A tenth of a degree squared at 52 degrees north is about 76 km²."""
    assert pytest.approx(76.0, abs=0.3) == read(feature()).features[0].area_km2


def test_overlapping_polygons_count_their_area_once_and_stay_apart() -> None:
    """Overlap is allowed: both polygons are kept as given."""
    file = read(feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}))

    assert len(file.features[0].polygons) == 2
    assert read(feature()).features[0].area_km2 == file.features[0].area_km2
    assert file.reports == []


def test_a_hole_is_outside() -> None:
    """A point in the hole of a zone is not in the zone."""
    hole = [[5.14, 52.04], [5.16, 52.04], [5.16, 52.06], [5.14, 52.06], [5.14, 52.04]]

    polygons = read(feature(polygon(SQUARE, hole))).features[0].polygons

    assert (contains(polygons, 5.15, 52.05), contains(polygons, 5.11, 52.05)) == (False, True)


def test_a_self_crossing_ring_is_repaired() -> None:
    """A bow tie becomes two triangles, and the repair is reported."""
    file = read(feature(polygon(BOW_TIE)))

    assert len(file.features[0].polygons) == 2
    assert [report[:3] for report in file.reports] == [(0, "a", "repaired")]


def test_an_open_ring_is_closed() -> None:
    """The first point is repeated, and the repair is reported."""
    file = read(feature(polygon(SQUARE[:-1])))

    assert tuple(map(tuple, SQUARE)) == file.features[0].polygons[0][0]
    assert [report.message for report in file.reports] == ["closed a ring that was open"]


def test_heights_are_dropped() -> None:
    """A third coordinate is left out and reported once."""
    file = read(feature(polygon([[*point, 3.5] for point in SQUARE])))

    assert tuple(map(tuple, SQUARE)) == file.features[0].polygons[0][0]
    assert [report.action for report in file.reports] == ["repaired"]


@pytest.mark.parametrize(
    ("geometry", "reason"),
    [
        ({"type": "Polygon", "coordinates": []}, "empty"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "without rings"),
        (polygon([]), "without points"),
        (polygon([[5, 52], [6, 52], [5, 52], [6, 52]]), "fewer than 3"),
        (polygon([[5, 52], [6, 52], [7, 52], [5, 52]]), "no area"),
        (polygon([[5, 52], [float("nan"), 52], [6, 53]]), "not finite"),
        (polygon([[5, 52], [10**400, 52], [6, 53]]), "not finite"),
        (polygon([[52, 105], [52, 106], [53, 106], [52, 105]]), "outside WGS84"),
        (polygon([[136000, 455000], [137000, 455000], [137000, 456000]]), "outside WGS84"),
        (polygon([[True, 52], [6, 52], [6, 53]]), "not a number"),
        (polygon([["5", 52], [6, 52], [6, 53]]), "not a number"),
        (polygon([[5], [6, 52], [6, 53]]), "not [lon, lat]"),
        (polygon([[0, 0], [1e-180, 0], [0, 1e-180]]), "no area"),
        (polygon([[5.1, 52.0], [math.nextafter(5.1, 6), 52.0], [5.1, math.nextafter(52.0, 53)]]), "no area"),
        ({"type": "Point", "coordinates": [5, 52]}, "not 'Point'"),
        ({"type": "GeometryCollection", "geometries": [polygon(SQUARE)]}, "not 'GeometryCollection'"),
        ("POLYGON", "not an object"),
    ],
)
def test_an_unusable_geometry_is_refused_with_its_reason(geometry: Any, reason: str) -> None:
    """Nothing is guessed where a geometry has no clear meaning."""
    assert reason in only_refusal(read(feature(geometry)))


def test_a_missing_geometry_is_refused() -> None:
    """A feature with a null geometry has no place."""
    assert "empty" in only_refusal(read(feature() | {"geometry": None}))


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"id": ...}, "no properties.id"),
        ({"id": 7}, "must be text"),
        ({"id": " "}, "must be text"),
        ({"id": "a\0b"}, "must be text"),
        ({"kind": "castle"}, "unknown"),
        ({"kind": ["hub"]}, "unknown"),
        ({"municipality": 344}, "CBS code"),
        ({"capacity": -1}, "capacity"),
        ({"capacity": True}, "capacity"),
        ({"capacity": "12"}, "capacity"),
        ({"capacity": 1.5}, "capacity"),
        ({"capacity": float("nan")}, "capacity"),
        ({"capacity": 10**12}, "capacity"),
    ],
)
def test_unusable_properties_are_refused_with_their_reason(properties: dict[str, Any], reason: str) -> None:
    """A wrong id, kind, municipality or capacity is never guessed."""
    assert reason in only_refusal(read(feature(**properties)))


def test_the_id_of_a_feature_itself_is_not_used_silently() -> None:
    """The refusal says where the id belongs."""
    assert "move the Feature's own id to properties.id" in only_refusal(read(feature(id=...) | {"id": "a"}))


def test_what_is_not_a_feature_is_refused() -> None:
    """A bare geometry in the list is refused, and the others are kept."""
    file = read(polygon(SQUARE), feature())

    assert [zone.zone_id for zone in file.features] == ["a"]
    assert [report[:3] for report in file.reports] == [(0, None, "refused")]


def test_the_first_of_several_features_with_one_id_is_kept() -> None:
    """All later ones are refused by place."""
    file = read(feature(name="first"), feature(), feature())

    assert [zone.name for zone in file.features] == ["first"]
    assert [report[:3] for report in file.reports] == [(1, "a", "refused"), (2, "a", "refused")]


def test_a_missing_name_or_kind_is_filled_in_and_reported() -> None:
    """The id stands for the name, and `other` for the kind."""
    file = read(feature(name=..., kind=...))

    assert (file.features[0].name, file.features[0].kind) == ("a", "other")
    assert [report.action for report in file.reports] == ["defaulted", "defaulted"]


def test_a_whole_capacity_with_a_point_is_taken() -> None:
    """Map programs write 40.0 for 40."""
    assert read(feature(capacity=40.0)).features[0].capacity == 40


def test_a_byte_order_mark_is_no_obstacle() -> None:
    """Files saved by other programs may begin with one."""
    document = json.dumps({"type": "FeatureCollection", "features": [feature()]})

    assert len(read_zones(document.encode("utf-8-sig")).features) == 1


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"{",
        b"\xff\xfe\xfa",
        b"[]",
        b"1",
        b'{"type":"Feature"}',
        b'{"type":"FeatureCollection"}',
        b"[" * 100_000,
    ],
)
def test_a_document_that_is_no_feature_collection_is_an_error(document: bytes) -> None:
    """The whole file is refused in one sentence."""
    with pytest.raises(InvalidInputError, match=r"^The zone file .*\.$"):
        read_zones(document)


@given(
    st.lists(
        JSON | st.builds(feature, JSON.map(lambda rings: {"type": "Polygon", "coordinates": rings}), id=JSON)
    )
)
def test_every_feature_is_either_kept_or_refused(features: list[Any]) -> None:
    """Whatever the content, no feature is lost and nothing is raised."""
    file = read(*features)

    refused = [report for report in file.reports if report.action == "refused"]
    assert len(features) == len(file.features) + len(refused)
