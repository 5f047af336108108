"""What is read of objects inside objects: a tree of keys, and the scratch array with one row per node of it.

The tree holds the keys of Open Trip Model events and of what Traccar forwards, and those that tell an object of these
from one of another format. Nodes of objects come first, so that a number tells which they are. Detections and their
envelopes are trees beside it, of one object each.
"""

from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array, UInt64Array

# objects
ROOT: Final = 0
VEHICLE: Final = 1
ENTITY: Final = 2
WEIGHT: Final = 3
GEO: Final = 4
POSITION: Final = 5
DEVICE: Final = 6
OBJECTS: Final = 7

# objects that stand in no other one of the tree: where else reading may begin
DETECTION: Final = 7
ENVELOPE: Final = 8
PARENTS: Final = 9

# texts, numbers and other ends of the tree
EVENT_TYPE: Final = 7
LIFECYCLE: Final = 8
CREATED: Final = 9
UUID: Final = 10
PLATE: Final = 11
ENTITY_ID: Final = 12
VEHICLE_TYPE: Final = 13
FUEL: Final = 14
EMISSION: Final = 15
LOADS: Final = 16
WEIGHT_VALUE: Final = 17
WEIGHT_UNIT: Final = 18
LAT: Final = 19
LON: Final = 20
FIX_TIME: Final = 21
VALID: Final = 22
OUTDATED: Final = 23
LATITUDE: Final = 24
LONGITUDE: Final = 25
UNIQUE_ID: Final = 26
CATEGORY: Final = 27
TOP_LAT: Final = 28
TOP_LON: Final = 29
ENTITY_TYPE: Final = 30
ACTORS: Final = 31  # only where they stand matters
NODES: Final = 32

# those of a detection, in rows of the scratch that no event needs then
OBSERVATION_ID: Final = 7
CAMERA_ID: Final = 8
EVENT_TIME: Final = 9
PLATE_COUNTRY: Final = 10
PLATE_TEXT: Final = 11
CONFIDENCE: Final = 12
DIRECTION: Final = 13

# those of an envelope
MESSAGE_TYPE: Final = 7
SCHEMA_VERSION: Final = 8
PAYLOAD: Final = 9

OTHER: Final = 32  # any other field
ODD_KEY: Final = 33  # HARD once a key that may be one of ours had escapes
NESTED_SHAPE: Final = (34, 5)  # columns as in `streams.decode.fields`

# kinds of a field beside those of `streams.decode.fields`
OBJECT: Final = 6
NESTED: Final = 7  # an array, or an object where none is expected, with the place after it as its end

_KEYS: Final = {
    (ROOT, "eventType"): EVENT_TYPE,
    (ROOT, "lifecycle"): LIFECYCLE,
    (ROOT, "creationDate"): CREATED,
    (ROOT, "vehicle"): VEHICLE,
    (VEHICLE, "uuid"): UUID,
    (VEHICLE, "entity"): ENTITY,
    (ENTITY, "licensePlate"): PLATE,
    (ENTITY, "id"): ENTITY_ID,
    (ENTITY, "vehicleType"): VEHICLE_TYPE,
    (ENTITY, "fuel"): FUEL,
    (ENTITY, "emissionStandard"): EMISSION,
    (ENTITY, "loadCapacities"): LOADS,
    (ENTITY, "emptyWeight"): WEIGHT,
    (WEIGHT, "value"): WEIGHT_VALUE,
    (WEIGHT, "unit"): WEIGHT_UNIT,
    (ROOT, "geoReference"): GEO,
    (GEO, "lat"): LAT,
    (GEO, "lon"): LON,
    (ROOT, "position"): POSITION,
    (POSITION, "fixTime"): FIX_TIME,
    (POSITION, "valid"): VALID,
    (POSITION, "outdated"): OUTDATED,
    (POSITION, "latitude"): LATITUDE,
    (POSITION, "longitude"): LONGITUDE,
    (ROOT, "device"): DEVICE,
    (DEVICE, "uniqueId"): UNIQUE_ID,
    (DEVICE, "category"): CATEGORY,
    (ROOT, "lat"): TOP_LAT,
    (ROOT, "lon"): TOP_LON,
    (ROOT, "entityType"): ENTITY_TYPE,
    (ROOT, "actors"): ACTORS,
    (DETECTION, "observation_id"): OBSERVATION_ID,
    (DETECTION, "camera_id"): CAMERA_ID,
    (DETECTION, "event_time"): EVENT_TIME,
    (DETECTION, "plate_country"): PLATE_COUNTRY,
    (DETECTION, "plate_text"): PLATE_TEXT,
    (DETECTION, "read_confidence"): CONFIDENCE,
    (DETECTION, "detection_direction"): DIRECTION,
    (ENVELOPE, "message_type"): MESSAGE_TYPE,
    (ENVELOPE, "schema_version"): SCHEMA_VERSION,
    (ENVELOPE, "payload"): PAYLOAD,
}

KEY_WORDS: Final = 3
KEY_BYTES: Final = KEY_WORDS * 8


def _key_row(parent: int, key: str, child: int) -> list[int]:
    """Return parent, child and the words of a key."""
    text = key.encode().ljust(KEY_BYTES, b"\0")
    return [parent, child, *(int.from_bytes(text[at : at + 8], "little") for at in range(0, KEY_BYTES, 8))]


KEY_TABLE: Final = np.array(
    [_key_row(parent, key, child) for (parent, key), child in _KEYS.items()], np.uint64
)

EXPECTED_KEYS: Final = 16  # of one object, by their order
MAX_OPEN: Final = 8  # known objects inside each other


class NestedScratch(NamedTuple):
    """What the reader of objects inside objects writes for itself."""

    fields: Int64Array
    expected: UInt64Array  # shape (PARENTS, EXPECTED_KEYS, 8): words and masks of a key, its length, its node
    open_objects: Int64Array  # shape (MAX_OPEN, 2): node, and place in `expected` to go on from


def new_scratch() -> NestedScratch:
    """Return a scratch that expects no key yet."""
    expected = np.zeros((PARENTS, EXPECTED_KEYS, 8), np.uint64)
    expected[:, :, 0] = np.uint64(2**64 - 1)  # nothing is equal to it under an empty mask
    return NestedScratch(np.zeros(NESTED_SHAPE, np.int64), expected, np.zeros((MAX_OPEN, 2), np.int64))
