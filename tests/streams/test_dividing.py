"""Uploads divided: nothing is lost, nothing is too large, and what cannot be divided is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.dividing import MOST_COMMAS, divide

MOST = 400
ROWS = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3), min_size=1, max_size=60
)


def rows_of(part: bytes, form: str) -> list[Any]:
    """Return the rows of a part."""
    if form == "lines":
        return [json.loads(line) for line in part.split(b"\n")]
    content = json.loads(part)
    if form == "array":
        return list(content)
    assert {"message_type": 'a"b', "schema_version": "é"} == {
        name: content[name] for name in ("message_type", "schema_version")
    }
    return list(content["payload"])


def written(rows: list[Any], form: str) -> bytes:
    """Return rows as an upload."""
    if form == "lines":
        return b"\r\n".join(json.dumps(row).encode() for row in rows) + b"\n\n"
    if form == "array":
        return json.dumps(rows, indent=1).encode()
    return json.dumps({"payload": rows, "schema_version": "é", "message_type": 'a"b'}).encode()


@pytest.mark.parametrize("form", ["lines", "array", "envelope"])
@given(rows=ROWS)
def test_every_member_is_in_one_part_in_order(form: str, rows: list[Any]) -> None:
    """And each part is small enough and of the same form."""
    upload = written(rows, form)
    parts = divide(upload, most_bytes=MOST)

    assert parts is not None
    assert all(len(part) <= MOST for part in parts)
    if len(upload) > MOST:
        assert rows == [row for part in parts for row in rows_of(part, form)]
    else:
        assert [upload] == parts


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"no JSON",
        b"\xff\xfe",
        b"[" * 150,
    ],
)
def test_what_is_small_is_not_looked_at(upload: bytes) -> None:
    """Intake says what it is."""
    assert [upload] == divide(upload, most_bytes=MOST)


@pytest.mark.parametrize(
    "upload",
    [
        b"x" * 500,
        b"\xff" * 500,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps({"a": "x" * 500}).encode(),
        json.dumps([{"a": "x" * 500}]).encode(),
        json.dumps({"message_type": "x" * 500, "schema_version": "", "payload": [{}]}).encode(),
        json.dumps([{"a": 1}] * 50).encode()[:-1],
        json.dumps({"a": ["x" * 20] * 20}, indent=1).encode(),
        b"Id;Tijd(CET);Hash\n" + b"1;2026-11-23 08:12:15;x\n" * 20,
        b"[" + b"1," * MOST_COMMAS + b"1,1]",
    ],
)
def test_what_cannot_be_divided_is_told(upload: bytes) -> None:
    """A message that is too large, broken, over several lines, or of more members than memory has room for."""
    assert divide(upload, most_bytes=MOST) is None


def test_an_envelope_of_nothing_needs_no_record() -> None:
    """However long its spaces are."""
    upload = b'{"message_type":"a","schema_version":"b","payload":[' + b" " * 500 + b"]}"

    assert [] == divide(upload, most_bytes=MOST)
