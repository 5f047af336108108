"""Exports of the Dutch vehicle register as batches of texts: CSV, or JSON with one vehicle a line or in an array.

The open data of RDW come as CSV with titles (`Kenteken`) or names (`kenteken`) of columns, and as JSON from its API.
Which data set a file is, its columns say. All values are texts.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.csv as pcsv

from duls.app.other_encodings import SAVE_AS_UTF_8, line_of_other_bytes
from duls.errors import InvalidInputError

PLATE: Final = "kenteken"
VEHICLE_COLUMNS: Final = (
    "voertuigsoort",
    "europese_voertuigcategorie",
    "toegestane_maximum_massa_voertuig",
    "datum_eerste_toelating",
)
FUEL_COLUMNS: Final = ("brandstof_omschrijving", "emissiecode_omschrijving")
WANTED: Final = (PLATE, *VEHICLE_COLUMNS, *FUEL_COLUMNS)
BLOCK_BYTES: Final = 8 << 20
BATCH_ROWS: Final = 50_000

Batch = Mapping[str, pa.Array]
"""Columns by name, all of them large text, empty where the file has nothing."""


def batches_of(path: Path) -> Iterator[Batch]:
    """Yield the wanted columns of a file, some ten thousand rows at a time.

    Raises:
        InvalidInputError: the file cannot be read, or is no export of the register.
    """
    try:
        with path.open("rb") as file:
            first = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        yield from _json_batches(path) if first in (b"[", b"{") else _csv_batches(path)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror or error}"
        raise InvalidInputError(message) from error
    except (pa.ArrowException, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(_not_as_exported(path)) from error


def _not_as_exported(path: Path) -> str:
    """Say what is wrong with a file; the parser's own words may quote a line with a plate."""
    if line := line_of_other_bytes(path):
        return (
            f"{path} is not CSV or JSON in UTF-8, which RDW exports, as line {line} shows: "
            f"load the export as it came, or {SAVE_AS_UTF_8}"
        )
    return f"{path} is not CSV or JSON as RDW exports it"


def _csv_batches(path: Path) -> Iterator[Batch]:
    """Yield the batches of a CSV file."""
    with path.open("rb") as file:
        header = file.readline().decode("utf-8-sig")
    delimiter = max((",", ";"), key=header.count)
    titles = [title.strip().strip('"') for title in header.strip().split(delimiter)]
    wanted = {title: _name_of(title) for title in titles if _name_of(title) in WANTED}
    _require_plates(path, wanted.values())
    reader = pcsv.open_csv(
        path,
        read_options=pcsv.ReadOptions(
            block_size=BLOCK_BYTES, column_names=titles, skip_rows=1, use_threads=False
        ),
        parse_options=pcsv.ParseOptions(delimiter=delimiter),
        convert_options=pcsv.ConvertOptions(
            include_columns=list(wanted),
            column_types=dict.fromkeys(wanted, pa.large_string()),
            strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield {wanted[title]: batch.column(title) for title in wanted}


def _json_batches(path: Path) -> Iterator[Batch]:
    """Yield the batches of a JSON file."""
    with path.open("rb") as file:
        rows = _json_rows(file)
        while chunk := list(islice(rows, BATCH_ROWS)):
            names = [name for name in WANTED if any(name in row for row in chunk)]
            _require_plates(path, names)
            yield {
                name: pa.array([_text(row.get(name)) for row in chunk], pa.large_string()) for name in names
            }


def _json_rows(file: IO[bytes]) -> Iterator[dict[str, Any]]:
    """Yield the objects of one object a line, which is how the API breaks its arrays too; else of one array."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    first = file.readline()
    is_lines = first.strip().strip(b"[,").rstrip(b"],").endswith(b"}") and b"},{" not in first.replace(
        b" ", b""
    )
    file.seek(0)
    if not is_lines:
        yield from msgspec.json.decode(file.read(), type=list[dict[str, Any]])
        return
    for line in file:
        text = line.strip().lstrip(b"\xef\xbb\xbf[,").strip()
        while text.endswith((b"]", b",")):
            text = text[:-1].rstrip()
        if text:
            yield decode(text)


def _name_of(title: str) -> str:
    """Return the name of a column from its title."""
    return title.strip().lower().replace(" ", "_")


def _text(value: object) -> str:
    """Return a value as text."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def _require_plates(path: Path, names: Any) -> None:
    """Refuse a file that says nothing of vehicles."""
    if PLATE not in names:
        message = f"{path} has no column {PLATE}: it is no export of the vehicle register"
        raise InvalidInputError(message)
