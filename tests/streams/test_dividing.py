"""Uploads divided: nothing is lost, nothing is too large, and what cannot be divided is told."""

import json
import time
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decode.documents import documents_of
from streams.dividing import MOST_SIGNS, divide

MOST = 400
LONGEST_S = 20.0  # for what takes a second or two
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
        b"[" + b"1," * MOST_SIGNS + b"1,1]",
    ],
)
def test_what_cannot_be_divided_is_told(upload: bytes) -> None:
    """A message that is too large, broken, over several lines, or of more members than memory has room for."""
    assert divide(upload, most_bytes=MOST) is None


@pytest.mark.parametrize(
    ("upload", "part"),
    [
        (
            b'{"message_type":"a","schema_version":"b","payload":[' + b" " * 500 + b"]}",
            b'{"message_type":"a","schema_version":"b","payload":[]}',
        ),
        (
            b'{"message_type":"a","x":"\\ud800","schema_version":2,"payload":[' + b" " * 500 + b"]}",
            b'{"message_type":"a","schema_version":2,"payload":[]}',
        ),
        (b"[" + b"\n" * 500 + b"]", b"[]"),
        (b" \n" * 500, b""),
        (b"\xef\xbb\xbf" + b" " * 500 + b"{}", b"{}"),
    ],
)
def test_what_holds_no_members_is_one_part(upload: bytes, part: bytes) -> None:
    """However long its spaces are, intake tells of it."""
    assert [part] == divide(upload, most_bytes=MOST)


ODD = [b"NaN", b"-Infinity", b'"\\ud800"', b'"],[{}\\""', b"[[1], {}]", b'{"a": [",", "}"]}', b"7", b"null"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("form", ["lines", "array", "envelope"])
@given(rows=st.lists(st.sampled_from(ODD), min_size=40, max_size=60), rng=st.randoms())
def test_what_is_no_strict_json_is_divided_too(
    rows: list[bytes], rng: Random, form: str, mark: bytes
) -> None:
    """NaN and halves of surrogate pairs keep nothing out: the parts hold what Kafka's way reads of the whole."""
    members = [b'{"a":%b}' % row if rng.random() < 0.5 or form == "lines" else row for row in rows]
    upload = {
        "lines": b"\n".join(members),
        "array": b"[ %b\n]" % b" ,\n".join(members),
        "envelope": b'{"p":{"payload":[1]}, "payload" : [%b], "schema_version":"2","message_type":"\\ud800"} '
        % b",".join(members),
    }[form]

    parts = divide(mark + upload, most_bytes=MOST)

    assert parts is not None
    assert all(len(part) <= MOST for part in parts)
    assert members_read([mark + upload], form) == members_read(parts, form)


def members_read(parts: list[bytes], form: str) -> list[str]:
    """Return what intake reads of parts, spelled so that NaN equals itself."""
    contents = [document.content for part in parts for document in documents_of(part)]
    if form == "lines":
        return [repr(content) for content in contents]
    if form == "envelope":
        assert {("2", "\ud800")} == {
            (content["schema_version"], content["message_type"]) for content in contents
        }
        contents = [content["payload"] for content in contents]
    return [repr(row) for content in contents for row in content]


@given(st.binary(max_size=80).map(lambda text: text + b" " * 400) | st.text('[]{},:"\\\\ a1\n', min_size=401))
def test_no_bytes_raise(upload: bytes | str) -> None:
    """Whatever they are, they are divided or not."""
    parts = divide(upload if isinstance(upload, bytes) else upload.encode(), most_bytes=MOST)

    assert parts is None or all(len(part) <= MOST for part in parts)


@pytest.mark.parametrize(
    "upload",
    [
        b"[" * 10_000_000,
        b"[NaN," + b"[" * 70 + b"]" * 70 + b",1" * 400 + b"]",
        b'{"a":1}' + b'"' * 20_000_000,
    ],
)
def test_hostile_brackets_and_texts_take_no_time(upload: bytes) -> None:
    """Whatever an upload nests, and however its texts end, it is looked at once."""
    started_s = time.process_time()

    assert divide(upload, most_bytes=MOST) is None
    assert time.process_time() - started_s < LONGEST_S
