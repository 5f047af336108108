"""The rules of the legacy CSV of Utrecht: `Id;Tijd(CET);Hash;Land;Klasse;Locatie`, then columns of the register.

A record is a file with its header, or lines of these first six columns without one. Times are local times without an
offset. In autumn one hour comes twice: rows of a record stand in the order of time, so a time that would lie before
the row above it is of the second pass, and any other one of the first; how each was read is counted. In spring one
hour does not come at all, and a time in it is rejected.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from processors.names import camera_uuid, observation_uuid
from processors.text_lines import lines_of
from processors.vehicle_class import class_by_rule
from processors.vocabulary import Outcome
from streams.decode.detection_row import DetectionRow, TimeReading, rejected_detection
from streams.decode.passage_rules import emission_of_fuels, hashed_identity
from streams.decode.times import END_US

_ZONE: Final = ZoneInfo("Europe/Amsterdam")
_BEGINNING: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*"?(?:id|\d{1,20})"?\s*;', re.IGNORECASE)
_COLUMNS: Final = ("id", "tijd", "hash", "land", "klasse", "locatie")
_TIME: Final = re.compile(
    r"(?:(\d{4})-(\d\d)-(\d\d)|(\d\d)-(\d\d)-(\d{4}))[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?",
    re.ASCII,
)
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2099
_WINDOWS_SIGNS: Final = {
    code: sign for code in range(0x80, 0xA0) if (sign := bytes([code]).decode("cp1252", "ignore"))
}
"""What Windows has where Latin-1 has control codes, such as dashes and the euro; five of its codes mean nothing."""
_DISORDER_US: Final = 1_800_000_000
"""Rows of several cameras are a little out of order; a step back of more than half an hour is the second pass."""


def is_utrecht(record: bytes) -> bool:
    """Tell whether a record is such a file, or lines of one."""
    return _BEGINNING.match(record) is not None


def rows_of_utrecht(record: bytes) -> list[DetectionRow]:
    """Return the rows of a record, at least one."""
    return list(_rows(record)) or [rejected_detection(Outcome.EMPTY)]


def _rows(record: bytes) -> Iterator[DetectionRow]:
    """Yield a row for each line below the header; no other sign than those of line ends ends one."""
    columns = list(_COLUMNS)
    clock = _LocalClock()
    try:
        for number, cells in enumerate(csv.reader(lines_of(_text(record)), delimiter=";")):
            if number == 0 and cells and cells[0].strip().lower() == "id":
                columns = [_column_of(cell) for cell in cells]
            elif any(cell.strip() for cell in cells):
                yield _row_of_cells(dict(zip(columns, cells, strict=False)), clock)
    except csv.Error:
        yield rejected_detection(Outcome.WRONG_TYPE)


def _text(record: bytes) -> str:
    """Return the text of a record: UTF-8, else one byte per letter as Windows has it, as older exports do."""
    try:
        return record.decode("utf-8-sig")
    except UnicodeDecodeError:
        return record.decode("latin-1").translate(_WINDOWS_SIGNS)


def _column_of(title: str) -> str:
    """Return the name of a column: `Tijd(CET)` is tijd, `Europese voertuigcategorie` europese_voertuigcategorie."""
    return re.sub(r"[^a-z0-9]+", "_", title.partition("(")[0].strip().lower()).strip("_")


def _row_of_cells(cells: Mapping[str, str], clock: "_LocalClock") -> DetectionRow:
    """Return the row of one line."""
    if any(not cells.get(name, "").strip() for name in ("id", "tijd", "hash", "locatie")):
        return rejected_detection(Outcome.MISSING_FIELD)
    event_us, reading = clock.read(cells["tijd"].strip())
    if event_us is None:
        return rejected_detection(Outcome.BAD_TIME)
    identity = hashed_identity(cells.get("land", ""), cells["hash"].strip())
    if isinstance(identity, Outcome):
        return rejected_detection(identity)
    vehicle_class = class_by_rule(
        code=cells.get("klasse", ""),
        category=cells.get("europese_voertuigcategorie", ""),
        kind=cells.get("voertuigsoort", ""),
        gross_kg=_kilograms(cells.get("toegestane_maximum_massa_voertuig", "")),
    )
    fuels = re.split(r"[,/+]", cells.get("brandstof_omschrijving") or cells.get("brandstof", ""))
    emission = cells.get("emissiecode_omschrijving", "")
    return DetectionRow(
        Outcome.ACCEPTED,
        event_us,
        camera_uuid(cells["locatie"]).int,
        observation_uuid(f"{cells['id'].strip()} {event_us} {cells['locatie'].strip()}").int,
        identity=identity,
        vehicle_class=vehicle_class,
        zero_emission=emission_of_fuels(vehicle_class, fuels, emission.strip()),
        reading=reading,
    )


def _kilograms(cell: str) -> float:
    """Return a mass, 0 where a cell is none."""
    return float(cell) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", cell.strip(), re.ASCII) else 0.0


class _LocalClock:
    """Reads the local times of one record, in their order."""

    def __init__(self) -> None:
        self._newest_us: int | None = None
        self._second_pass: date | None = None  # night of which the second pass has begun

    def read(self, text: str) -> tuple[int | None, TimeReading]:
        """Return a time in microseconds since 1970 UTC, None where it is none, and how it was read."""
        local = _local_time(text)
        if local is None:
            return None, TimeReading.CERTAIN
        first_us, second_us = (_microseconds(local.replace(fold=fold)) for fold in (0, 1))
        if not 0 <= first_us < END_US or second_us < first_us:  # an hour that spring leaves out goes back
            return None, TimeReading.CERTAIN
        before_us = self._newest_us
        event_us, reading = first_us, TimeReading.CERTAIN
        if first_us != second_us:
            goes_back = before_us is not None and first_us < before_us - _DISORDER_US
            is_second = goes_back or self._second_pass == local.date()
            if is_second:
                self._second_pass = local.date()
            event_us = second_us if is_second else first_us
            first = TimeReading.ASSUMED_FIRST if before_us is None else TimeReading.FIRST
            reading = TimeReading.SECOND if is_second else first
        self._newest_us = event_us if before_us is None else max(before_us, event_us)
        return event_us, reading


def _local_time(text: str) -> datetime | None:
    """Return the local time that a text spells, or None."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    year, month, day = map(int, found.group(1, 2, 3) if found[1] else found.group(6, 5, 4))
    hour, minute, second = (int(part or 0) for part in found.group(7, 8, 9))
    fraction_us = int(((found[10] or "") + "000000")[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, fraction_us, tzinfo=_ZONE)
    except ValueError:
        return None


def _microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970 UTC."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
