"""Tables of the API: columns with their meaning, and rows as JSON, CSV or Arrow.

One list of columns gives the order of the rows, the description in /openapi.json, the header of a CSV file and the
types of a Parquet file, so that they cannot differ.
"""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, NamedTuple

import pyarrow as pa

LOCAL_ZONE: Final = "Europe/Amsterdam"


class Kind(Enum):
    """What a column holds: its JSON schema and its Arrow type."""

    TEXT = ({"type": "string"}, pa.string())
    INTEGER = ({"type": "integer"}, pa.int64())
    NUMBER = ({"type": "number"}, pa.float64())
    INSTANT = ({"type": "string", "format": "date-time"}, pa.timestamp("us", LOCAL_ZONE))
    DAY = ({"type": "string", "format": "date"}, pa.date32())

    @property
    def schema(self) -> dict[str, Any]:
        """Return the JSON schema."""
        return dict(self.value[0])

    @property
    def arrow(self) -> pa.DataType:
        """Return the Arrow type."""
        return self.value[1]


class Column(NamedTuple):
    """One column of a table."""

    name: str
    kind: Kind
    meaning: str
    example: str | float  # never null: the framework drops nulls of its description
    nullable: bool = False
    choices: tuple[str, ...] = ()

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the column."""
        schema = self.kind.schema
        if self.choices:
            schema["enum"] = [*self.choices, None] if self.nullable else list(self.choices)
        if self.nullable:
            schema["type"] = [schema["type"], "null"]
        return {**schema, "description": self.meaning}


Columns = tuple[Column, ...]
Row = tuple[Any, ...]


def row_schema(columns: Columns) -> dict[str, Any]:
    """Return the JSON schema of a row as an object."""
    return {
        "type": "object",
        "properties": {column.name: column.schema() for column in columns},
        "required": [column.name for column in columns],
        "additionalProperties": False,
    }


def example_row(columns: Columns) -> dict[str, Any]:
    """Return the examples of the columns as one row."""
    return {column.name: column.example for column in columns}


def as_objects(columns: Columns, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return rows as objects, for JSON."""
    names = [column.name for column in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def as_csv(columns: Columns, rows: Sequence[Row]) -> bytes:
    """Return rows as a CSV file (RFC 4180, UTF-8, with a header); null is an empty field, times are ISO 8601."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    timed = [place for place, column in enumerate(columns) if column.kind in {Kind.INSTANT, Kind.DAY}]
    for row in rows:
        cells = list(row)
        for place in timed:
            cells[place] = _iso(cells[place])
        writer.writerow(cells)
    return text.getvalue().encode()


def as_arrow(columns: Columns, rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [pa.array(value, column.kind.arrow) for value, column in zip(values, columns, strict=True)]
    fields = [pa.field(column.name, column.kind.arrow, column.nullable) for column in columns]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _iso(value: datetime | date | None) -> str:
    """Return a time in ISO 8601; an instant with its offset."""
    return "" if value is None else value.isoformat()
