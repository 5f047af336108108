"""Reading zones from a GeoJSON FeatureCollection, feature by feature.

A feature is taken, taken with a repair, or refused; each repair, default and refusal is a report, so that the
sum of kept and refused features is the number in the file.
"""

import json
from typing import Final, Literal, NamedTuple, NoReturn

from duls.errors import InvalidInputError
from processors.vocabulary import MUNICIPALITY_CODE, ZONE_KINDS
from processors.zone_area import area_km2
from processors.zone_feature import ZoneFeature
from processors.zone_geometry import ReadGeometry, UnusableGeometryError, read_geometry

LONGEST_ID_BYTES: Final = 100  # in UTF-8; a part of addresses, keys of messages and indexes
LONGEST_NAME: Final = 200  # signs
SHOWN: Final = 60  # signs of a value that is refused
MAX_CAPACITY: Final = 2**31 - 1  # an `integer` column holds it


class ZoneReport(NamedTuple):
    """What was done about one feature, for the person who loads the file."""

    feature_index: int  # place in the collection, from 0
    zone_id: str | None  # None where the feature has no usable id
    action: Literal["repaired", "refused", "defaulted"]
    message: str


class ZoneFile(NamedTuple):
    """The zones of a file, and what was repaired, defaulted or refused on the way."""

    features: list[ZoneFeature]
    reports: list[ZoneReport]


class _RefusedFeatureError(ValueError):
    """One feature cannot be used; the message is the reason."""


class _Properties(NamedTuple):
    """The properties of a usable feature."""

    zone_id: str
    name: str
    kind: str
    municipality: str | None
    capacity: int | None
    repairs: list[str]  # sentences about values that were put right
    defaults: list[str]  # sentences about values that were filled in


def read_zones(document: bytes) -> ZoneFile:
    """Read a GeoJSON FeatureCollection of zones.

    Of several features with one id the first usable one is kept.

    Raises:
        InvalidInputError: the document is not a FeatureCollection at all.
    """
    features: list[ZoneFeature] = []
    reports: list[ZoneReport] = []
    taken: set[str] = set()
    for index, raw in enumerate(_collection(document)):
        zone_id = _id_of(raw)
        try:
            feature, remarks = _feature(raw, taken)
        except (_RefusedFeatureError, UnusableGeometryError) as refusal:
            reports.append(ZoneReport(index, zone_id, "refused", str(refusal)))
            continue
        taken.add(feature.zone_id)
        features.append(feature)
        reports.extend(remark._replace(feature_index=index) for remark in remarks)
    return ZoneFile(features, reports)


def _collection(document: bytes) -> list[object]:
    """Return the features of the document."""
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as cause:
        message = f"The zone file is not JSON: {cause}."
        raise InvalidInputError(message) from cause
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        message = 'The zone file is not a GeoJSON FeatureCollection: its "type" must be "FeatureCollection".'
        raise InvalidInputError(message)
    features = content.get("features")
    if not isinstance(features, list):
        message = 'The zone file has no list of "features".'
        raise InvalidInputError(message)
    return features


def _feature(raw: object, taken: set[str]) -> tuple[ZoneFeature, list[ZoneReport]]:
    """Return one zone and what was changed in it."""
    if not isinstance(raw, dict) or raw.get("type") != "Feature":
        _refuse("it is not a GeoJSON Feature")
    given = _properties(raw)
    if given.zone_id in taken:
        _refuse("an earlier feature has the same properties.id; the first one is kept")
    geometry = read_geometry(raw.get("geometry"))
    feature = ZoneFeature(
        zone_id=given.zone_id,
        name=given.name,
        kind=given.kind,
        municipality=given.municipality,
        capacity=given.capacity,
        area_km2=_positive_area_km2(geometry),
        polygons=geometry.polygons,
    )
    remarks = [
        ZoneReport(0, given.zone_id, "repaired", repair) for repair in (*given.repairs, *geometry.repairs)
    ]
    remarks += [ZoneReport(0, given.zone_id, "defaulted", default) for default in given.defaults]
    return feature, remarks


def _positive_area_km2(geometry: ReadGeometry) -> float:
    """Return the area, refusing one that float64 cannot tell from nothing."""
    area = area_km2(geometry.polygons)
    if not area > 0:
        _refuse("the geometry has no area")
    return area


def _properties(raw: dict[str, object]) -> _Properties:
    """Read the properties of a feature, filling in what may be left out."""
    properties = raw.get("properties")
    values: dict[str, object] = properties if isinstance(properties, dict) else {}
    zone_id = _zone_id(values, has_feature_id="id" in raw)
    repairs: list[str] = []
    defaults: list[str] = []
    name = _name(values.get("name"), repairs)
    if not name:
        defaults.append("no usable name: the id is shown instead")
        name = zone_id
    kind = values.get("kind")
    if kind is None:
        defaults.append("no kind: taken as 'other'")
        kind = "other"
    if kind not in ZONE_KINDS:
        _refuse(f"kind {shown(kind)} is unknown; known are {', '.join(ZONE_KINDS)}")
    municipality = _municipality(values.get("municipality"), repairs)
    return _Properties(
        zone_id, name, str(kind), municipality, _capacity(values.get("capacity")), repairs, defaults
    )


def _name(value: object, repairs: list[str]) -> str:
    """Return a name as one line of signs that can be printed, not too long; empty where there is none."""
    if not isinstance(value, str) or not _is_unicode(value):
        return ""
    name = value if value.strip() else ""
    if not name.isprintable():
        name = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
        if name:
            repairs.append(f"a name with signs that cannot be printed: taken as {shown(name)}")
    if len(name) > LONGEST_NAME:
        repairs.append(f"a name of {len(name)} signs: its first {LONGEST_NAME} are shown")
    return name[:LONGEST_NAME]


def _municipality(value: object, repairs: list[str]) -> str | None:
    """Return the CBS code of a municipality; small letters and blanks around it are put right, and told."""
    if value is None:
        return None
    code = value.strip().upper() if isinstance(value, str) else ""
    if not MUNICIPALITY_CODE.fullmatch(code):
        _refuse(f"municipality must be a CBS code in text such as 'GM0363', not {shown(value)}")
    if code != value:
        repairs.append(f"municipality {shown(value)}: taken as {code!r}")
    return code


def _zone_id(values: dict[str, object], *, has_feature_id: bool) -> str:
    """Return `properties.id`, which must be text."""
    zone_id = values.get("id")
    if zone_id is None:
        place = "move the Feature's own id to properties.id" if has_feature_id else "add properties.id"
        _refuse(f"it has no properties.id; {place}")
    if not isinstance(zone_id, str) or not zone_id.strip() or "\0" in zone_id or not _is_unicode(zone_id):
        _refuse(f"properties.id must be text that is not blank, not {shown(zone_id)}")
    if not zone_id.isprintable():
        _refuse(f"properties.id holds a sign that cannot be printed: {shown(zone_id)}")
    if not is_usable_id(zone_id):
        _refuse(f"properties.id is longer than {LONGEST_ID_BYTES} bytes: {shown(zone_id)}")
    return zone_id


def _capacity(value: object) -> int | None:
    """Return a capacity in vehicles; a whole number written with a point (40.0) is taken too."""
    if value is None:
        return None
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not whole
        or not 0 <= value <= MAX_CAPACITY
    ):
        _refuse(f"capacity must be a whole number of vehicles, 0 or more, not {shown(value)}")
    return int(value)


def _id_of(raw: object) -> str | None:
    """Return the id that a report can name, if there is one."""
    properties = raw.get("properties") if isinstance(raw, dict) else None
    zone_id = properties.get("id") if isinstance(properties, dict) else None
    return zone_id if isinstance(zone_id, str) and is_usable_id(zone_id) else None


def is_usable_id(text: str) -> bool:
    """Tell whether a text is short, not blank, and of signs that can be printed."""
    return bool(text.strip()) and text.isprintable() and len(text.encode()) <= LONGEST_ID_BYTES


def shown(value: object) -> str:
    """Return a value of a file for a sentence about it, not longer than a line."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _refuse(reason: str) -> NoReturn:
    """Refuse the feature for *reason*."""
    raise _RefusedFeatureError(reason)


def _is_unicode(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: it has no half of a surrogate pair."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)
