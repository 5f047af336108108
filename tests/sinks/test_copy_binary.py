"""Tests of binary COPY images against the server's and psycopg's own reading of them."""

import struct
from datetime import UTC, date, datetime

import numpy as np
import pytest

from sinks.connection import Connection
from sinks.copy_binary import PIECE_ROWS, CopyColumn, FieldKind, image_pieces

TYPES = ("smallint", "integer", "bigint", "double precision", "timestamptz", "date")
COLUMNS = [
    CopyColumn(FieldKind.SMALLINT, np.array([0, 255, 8], np.uint8)),
    CopyColumn(FieldKind.INTEGER, np.array([-(2**31), 0, 2**31 - 1], np.int32)),
    CopyColumn(FieldKind.BIGINT, np.array([-(2**63), -1, 2**63 - 1], np.int64)),
    CopyColumn(FieldKind.DOUBLE, np.array([0.1, -0.0, 1e300])),
    CopyColumn(FieldKind.TIMESTAMPTZ, np.array([0, 1_795_420_800_000_001, 946_684_800_000_000], np.int64)),
    CopyColumn(FieldKind.DATE, np.array([0, 20_780, -1], np.int32)),
]
ROWS = [
    (0, -(2**31), -(2**63), 0.1, datetime(1970, 1, 1, tzinfo=UTC), date(1970, 1, 1)),
    (255, 0, -1, -0.0, datetime(2026, 11, 23, 8, 0, 0, 1, tzinfo=UTC), date(2026, 11, 23)),
    (8, 2**31 - 1, 2**63 - 1, 1e300, datetime(2000, 1, 1, tzinfo=UTC), date(1969, 12, 31)),
]


def image_of(columns: list[CopyColumn]) -> bytes:
    """Return a whole image."""
    return b"".join(image_pieces(columns))


def test_an_image_is_what_the_protocol_says() -> None:
    """One row of one field, byte by byte."""
    image = image_of([CopyColumn(FieldKind.INTEGER, np.array([7], np.int32))])

    assert b"PGCOPY\n\xff\r\n\0" + bytes(8) + struct.pack(">hiih", 1, 4, 7, -1) == image


def test_an_image_without_rows_is_header_and_trailer() -> None:
    """Nothing to copy is a legal copy."""
    image = image_of([CopyColumn(FieldKind.BIGINT, np.empty(0, np.int64))])

    assert b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff" == image


@pytest.mark.parametrize("rows", [PIECE_ROWS, PIECE_ROWS + 1, 3 * PIECE_ROWS - 1])
def test_many_rows_come_in_pieces(rows: int) -> None:
    """Each has whole rows, and no row is missing or twice."""
    numbers = np.arange(rows)
    header, *pieces, trailer = image_pieces([CopyColumn(FieldKind.INTEGER, numbers)])

    assert (19, 2) == (len(header), len(trailer))
    assert all(0 < len(piece) <= PIECE_ROWS * 10 for piece in pieces)
    assert numbers.tolist() == [number for _, _, number in struct.iter_unpack(">hii", b"".join(pieces))]


@pytest.mark.services
def test_the_server_reads_back_every_value(connection: Connection) -> None:
    """Extremes of every type arrive as they are."""
    fields = ", ".join(f"c{place} {kind}" for place, kind in enumerate(TYPES))
    connection.execute(f"CREATE TEMPORARY TABLE given ({fields})")

    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN (FORMAT binary)") as copy:
        copy.write(image_of(COLUMNS))

    assert ROWS == connection.execute("SELECT * FROM given").fetchall()


@pytest.mark.services
def test_an_image_equals_what_the_server_writes(connection: Connection) -> None:
    """Copying the rows out again gives the same bytes, and psycopg reads the same rows from them."""
    fields = ", ".join(f"c{place} {kind}" for place, kind in enumerate(TYPES))
    connection.execute(f"CREATE TEMPORARY TABLE given ({fields})")
    image = image_of(COLUMNS)
    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN (FORMAT binary)") as copy:
        copy.write(image)

    with connection.cursor() as cursor, cursor.copy("COPY given TO STDOUT (FORMAT binary)") as copy:
        written = b"".join(bytes(piece) for piece in copy)
    with connection.cursor() as cursor, cursor.copy("COPY given TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int2", "int4", "int8", "float8", "timestamptz", "date"])
        rows = list(copy.rows())

    assert image == written
    assert ROWS == rows
