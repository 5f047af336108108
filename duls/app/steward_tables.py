"""`duls companies load` and `duls permits load`: tables of the steward become registers of plates.

A line that is wrong is refused with its number and reason, never with its plate; the others are taken.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from duls.app.other_encodings import SAVE_AS_UTF_8, line_of_other_bytes
from duls.config import Settings
from duls.errors import InvalidInputError
from duls.plate_files import HOLDERS, PERMITS, write_register
from processors.identity import home_identity_of, plate_key_of
from processors.plate_table import home_numbers, new_plate_table, put_plates
from processors.vehicle_traits import Size, branch_of, packed_holder

COMPANY_COLUMNS: Final = ("plate", "sbi", "size")
PERMIT_COLUMNS: Final = ("plate", "zone_id", "from", "until", "kind")
MOST_REFUSED: Final = 20

_ZONE: Final = ZoneInfo("Europe/Amsterdam")
_SIZES: Final = {"small": Size.SMALL, "medium": Size.MEDIUM, "large": Size.LARGE, "": Size.UNKNOWN}
_SMALL_STAFF: Final = 50  # employees; from here on a company is medium, as the European Commission has it
_LARGE_STAFF: Final = 250
_NEVER_US: Final = (1 << 62) - 1

Part = TypeVar("Part")


class TableReport(NamedTuple):
    """What became of a table."""

    loaded: int
    refused: int
    reasons: list[str]  # of the first refused lines


class _RefusedLineError(ValueError):
    """One line cannot be used; the message is the reason, without the plate."""


def load_companies(settings: Settings, path: Path) -> TableReport:
    """Make a table of the companies that hold vehicles the register of holders, all before it gone.

    Raises:
        InvalidInputError: the file is no such table.
        ConfigError: the folder of registers cannot be written.
    """
    parts, report = _parsed(path, COMPANY_COLUMNS, _company)
    keys = np.array([key for key, _ in parts], np.int64)
    table = new_plate_table(keys.size)
    with np.errstate(over="ignore"):  # hashes wrap on purpose
        put_plates(table, home_numbers(keys), np.array([holder for _, holder in parts], np.int64))
    write_register(settings.registers_folder, HOLDERS, table)
    return report


def load_permits(settings: Settings, path: Path) -> TableReport:
    """Make a table of permits the register of them, all before it gone.

    Raises:
        InvalidInputError: the file is no such table.
        ConfigError: the folder of registers cannot be written.
    """
    parts, report = _parsed(path, PERMIT_COLUMNS, _permit)
    columns = np.array(sorted(parts), np.int64).reshape(-1, 3).T
    write_register(settings.registers_folder, PERMITS, np.ascontiguousarray(columns))
    return report


def _parsed(
    path: Path, columns: Sequence[str], parse: Callable[[Mapping[str, str]], Part]
) -> tuple[list[Part], TableReport]:
    """Return what the lines of a table say, and what became of it."""
    parts: list[Part] = []
    reasons: list[str] = []
    refused = 0
    for number, row in _rows(path, columns):
        try:
            parts.append(parse(row))
        except _RefusedLineError as refusal:
            refused += 1
            if len(reasons) < MOST_REFUSED:
                reasons.append(f"line {number}: {refusal}")
    return parts, TableReport(len(parts), refused, reasons)


def _rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines of a CSV file by column name, with their numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = file.readline()
            delimiter = max((",", ";", "\t"), key=header.count)
            names = [name.strip().strip('"').lower() for name in header.split(delimiter)]
            if missing := [name for name in columns if name not in names]:
                message = f"{path} has no column {', '.join(missing)}: its header is {','.join(columns)}"
                raise InvalidInputError(message)
            for number, cells in enumerate(csv.reader(file, delimiter=delimiter), start=2):
                if any(cell.strip() for cell in cells):
                    yield number, {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path} is not CSV in UTF-8, as line {line_of_other_bytes(path)} shows: {SAVE_AS_UTF_8}"
        raise InvalidInputError(message) from error
    except csv.Error as error:
        # the words of the parser may quote a line with a plate
        message = f"{path} is not CSV in UTF-8"
        raise InvalidInputError(message) from error


def _company(row: Mapping[str, str]) -> tuple[int, int]:
    """Return plate and holder of a line."""
    key = _key(row)
    if not home_numbers(np.array([key]))[0]:
        message = "the plate is not one of the Netherlands"
        raise _RefusedLineError(message)
    sbi, size = row.get("sbi", ""), row.get("size", "").lower()
    branch = branch_of(sbi)
    if sbi and not branch:
        message = "sbi is no code of SBI 2008"
        raise _RefusedLineError(message)
    return key, packed_holder(branch, _size(size))


def _size(text: str) -> Size:
    """Return the size that a word or a number of employees says."""
    if text.isascii() and text.isdigit():
        staff = int(text)
        return Size.SMALL if staff < _SMALL_STAFF else Size.MEDIUM if staff < _LARGE_STAFF else Size.LARGE
    if text not in _SIZES:
        message = "size is none of small, medium, large and a number of employees"
        raise _RefusedLineError(message)
    return _SIZES[text]


def _permit(row: Mapping[str, str]) -> tuple[int, int, int]:
    """Return plate, first moment and first moment after it, of a line."""
    if not row.get("zone_id") or not row.get("kind"):
        message = "zone_id or kind is missing"
        raise _RefusedLineError(message)
    key = _key(row)
    from_us = _midnight_us(row.get("from", ""), days=0)
    until = row.get("until", "")
    until_us = _midnight_us(until, days=1) if until else _NEVER_US
    if until_us <= from_us:
        message = "until is before from"
        raise _RefusedLineError(message)
    return key, from_us, until_us


def _key(row: Mapping[str, str]) -> int:
    """Return the key of the plate of a line."""
    identity = home_identity_of(row.get("plate", ""))
    key = plate_key_of(identity) if isinstance(identity, bytes) else 0
    if not key:
        message = "the plate is none"
        raise _RefusedLineError(message)
    return key


def _midnight_us(text: str, *, days: int) -> int:
    """Return the local midnight at the beginning of a day, or so many days later."""
    try:
        day = date.fromisoformat(text) + timedelta(days=days)
    except (ValueError, OverflowError):
        message = "from and until must be days such as 2026-11-23"
        raise _RefusedLineError(message) from None
    return round(datetime.combine(day, time(), _ZONE).astimezone(UTC).timestamp()) * 1_000_000
