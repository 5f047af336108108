"""Camera files as rows, before their values are checked: CSV, or VESDI registration and update messages."""

import csv
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from duls.errors import InvalidInputError
from processors.text_lines import lines_of, text_of

CSV_COLUMNS: Final = ("camera_id", "name", "lat", "lon", "azimuth_deg", "zone_id", "obverse", "reverse")
"""Columns that must be there; `unknown` may be."""

DELIMITERS: Final = (";", ",", "\t")
MESSAGE_TYPES: Final = ("camera_registration", "camera_update")


class CameraRow(NamedTuple):
    """One camera and at most one of its zones, with unchecked values; blank and absent values are None."""

    feature_index: int  # place in the file, from 0: data row, or camera over all messages
    camera_id: object = None
    name: object = None
    lat: object = None
    lon: object = None
    azimuth_deg: object = None
    zone_id: object = None
    obverse: object = None
    reverse: object = None
    unknown: object = None
    traffic_direction: object = None  # what the camera can report at all
    camera_status: object = None
    is_update: bool = False  # replaces what an earlier row said
    is_message: bool = False  # told by a supplier, who may not know the zones of the city
    defect: str | None = None  # why the row cannot be read at all


def camera_rows(document: bytes) -> list[CameraRow]:
    """Split a camera file into rows.

    Raises:
        InvalidInputError: the document is not UTF-8, or neither CSV with the known header nor JSON.
    """
    text = text_of(document, "The camera file")
    return _message_rows(text) if text.lstrip()[:1] in ("{", "[") else _csv_rows(text)


def _csv_rows(text: str) -> list[CameraRow]:
    """Read CSV with a header, columns in any order, separated by comma, semicolon or tab."""
    lines = lines_of(text)  # with their ends: a quoted cell may hold a line break
    header = lines[0] if lines else ""
    delimiter = max(DELIMITERS, key=header.count)
    try:
        table = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error as cause:
        message = f"The camera file is not CSV: {cause}."
        raise InvalidInputError(message) from cause
    columns = [name.strip().lower() for name in table[0]] if table else []
    missing = [name for name in CSV_COLUMNS if name not in columns]
    if missing:
        message = (
            f"The camera file has no column {', '.join(missing)}; its header is {','.join(CSV_COLUMNS)}."
        )
        raise InvalidInputError(message)
    filled = [row for row in table[1:] if any(cell.strip() for cell in row)]
    return [_csv_row(index, columns, row) for index, row in enumerate(filled)]


def _csv_row(index: int, columns: list[str], cells: list[str]) -> CameraRow:
    """Name the cells of one line; a decimal comma of a number becomes a point."""
    if len(cells) > len(columns):
        return CameraRow(index, defect=f"it has {len(cells)} cells, and the header has {len(columns)}")
    values = {
        name: cell.strip() or None for name, cell in zip(columns, cells, strict=False)
    }  # short rows end blank
    for name in ("lat", "lon", "azimuth_deg"):
        value = values.get(name)
        values[name] = value.replace(",", ".") if value else None
    return CameraRow(
        index,
        camera_id=values.get("camera_id"),
        name=values.get("name"),
        lat=values.get("lat"),
        lon=values.get("lon"),
        azimuth_deg=values.get("azimuth_deg"),
        zone_id=values.get("zone_id"),
        obverse=values.get("obverse"),
        reverse=values.get("reverse"),
        unknown=values.get("unknown"),
    )


def _message_rows(text: str) -> list[CameraRow]:
    """Read one message, an array of messages, or one message per line."""
    try:
        content = json.loads(text)
        messages = content if isinstance(content, list) else [content]
    except RecursionError as cause:
        message = "The camera file is nested too deeply."
        raise InvalidInputError(message) from cause
    except ValueError:
        messages = [_json_or_none(line) for line in text.split("\n") if line.strip()]
    if all(message is None for message in messages):
        message = "The camera file holds no camera message that is JSON."
        raise InvalidInputError(message)
    rows: list[CameraRow] = []
    for content in messages:
        rows.extend(_rows_of(content, first_index=len(rows)))
    return rows


def _json_or_none(line: str) -> object:
    """Return the value of one line, or None when it is not JSON."""
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value


def _rows_of(message: object, *, first_index: int) -> list[CameraRow]:
    """Return a row for each camera of a message, or one row that says why there is none."""
    if not isinstance(message, dict):
        return [CameraRow(first_index, defect="it is not a JSON object")]
    message_type = message.get("message_type")
    if message_type not in MESSAGE_TYPES:
        return [
            CameraRow(
                first_index, defect=f"message_type is {message_type!r}, not {' or '.join(MESSAGE_TYPES)}"
            )
        ]
    payload = message.get("payload")
    if not isinstance(payload, list) or not payload:
        return [CameraRow(first_index, defect="the message has no payload")]
    is_update = message_type == "camera_update"
    return [
        _payload_row(first_index + place, camera, is_update=is_update) for place, camera in enumerate(payload)
    ]


def _payload_row(index: int, camera: object, *, is_update: bool) -> CameraRow:
    """Return the row of what should be a camera of a message."""
    if not isinstance(camera, dict):
        return CameraRow(index, defect="the camera is not a JSON object")
    return message_row(index, camera, is_update=is_update)


def message_row(index: int, camera: Mapping[str, Any], *, is_update: bool) -> CameraRow:
    """Return the row of a camera of a message."""
    return CameraRow(
        index,
        camera_id=camera.get("camera_id"),
        name=camera.get("address_formatted"),
        lat=camera.get("location_lat"),
        lon=camera.get("location_lon"),
        azimuth_deg=camera.get("azimuth_deg"),
        zone_id=camera.get("zone_id"),
        traffic_direction=camera.get("traffic_direction"),
        camera_status=camera.get("camera_status"),
        is_update=is_update,
        is_message=True,
    )
