"""Tests of binary COPY images against the server's and psycopg's own reading of them."""

import struct
from datetime import UTC, date, datetime

import numpy as np
import pytest

from sinks.connection import Connection
from sinks.copy_binary import CopyColumn, FieldKind, copy_image

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


def test_an_image_is_what_the_protocol_says() -> None:
    """One row of one field, byte by byte."""
    image = copy_image([CopyColumn(FieldKind.INTEGER, np.array([7], np.int32))])

    assert b"PGCOPY\n\xff\r\n\0" + bytes(8) + struct.pack(">hiih", 1, 4, 7, -1) == bytes(image)


def test_an_image_without_rows_is_header_and_trailer() -> None:
    """Nothing to copy is a legal copy."""
    image = copy_image([CopyColumn(FieldKind.BIGINT, np.empty(0, np.int64))])

    assert b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xff" == bytes(image)


@pytest.mark.services
def test_the_server_reads_back_every_value(connection: Connection) -> None:
    """Extremes of every type arrive as they are."""
    fields = ", ".join(f"c{place} {kind}" for place, kind in enumerate(TYPES))
    connection.execute(f"CREATE TEMPORARY TABLE given ({fields})")

    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN (FORMAT binary)") as copy:
        copy.write(copy_image(COLUMNS))

    assert ROWS == connection.execute("SELECT * FROM given").fetchall()


@pytest.mark.services
def test_an_image_equals_what_the_server_writes(connection: Connection) -> None:
    """Copying the rows out again gives the same bytes, and psycopg reads the same rows from them."""
    fields = ", ".join(f"c{place} {kind}" for place, kind in enumerate(TYPES))
    connection.execute(f"CREATE TEMPORARY TABLE given ({fields})")
    image = copy_image(COLUMNS)
    with connection.cursor() as cursor, cursor.copy("COPY given FROM STDIN (FORMAT binary)") as copy:
        copy.write(image)

    with connection.cursor() as cursor, cursor.copy("COPY given TO STDOUT (FORMAT binary)") as copy:
        written = b"".join(bytes(piece) for piece in copy)
    with connection.cursor() as cursor, cursor.copy("COPY given TO STDOUT (FORMAT binary)") as copy:
        copy.set_types(["int2", "int4", "int8", "float8", "timestamptz", "date"])
        rows = list(copy.rows())

    assert bytes(image) == written
    assert ROWS == rows
