"""The compiled reader of envelopes agrees with the slow reader, its twin, whatever the bytes."""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decode.detections import (
    ScannerMemory,
    columns_of_rows,
    decode_detections,
    rows_of_value,
    scan,
)
from streams.decode.lexer import MARK
from streams.decode.nested_fields import new_scratch
from streams.decode.templates import new_templates
from streams.raw_values import RawValues
from tests.streams.decode.scanner_twins import EXAMPLES, MUTATED, mutated
from tests.streams.decode.test_detections import BAD, GOOD, detection, envelope, identities

FULL = detection(read_confidence=0.96, detection_direction="obverse", lane=1)
FIELDS = [*GOOD, "read_confidence", "detection_direction", "other", "é"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
TEXTS = st.sampled_from([*GOOD.values(), "reverse", " nl ", "N:L", "ABCD", "VB-12.3 K", "a_b", "X" * 125])


def assert_agree(values: Sequence[bytes]) -> None:
    """Check that all rows of some values are those of the slow reader, bit for bit."""
    rows_of = [rows_of_value(value) for value in values]
    record = np.repeat(np.arange(len(values), dtype=np.int32), [len(rows) for rows in rows_of])
    index = np.array([place for rows in rows_of for place in range(len(rows))], np.int32)
    expected = columns_of_rows([row for rows in rows_of for row in rows], record, index)

    decoded = decode_detections(values)

    for name in set(decoded._fields) - {"identity_start", "identity"}:
        assert getattr(expected, name).tobytes() == getattr(decoded, name).tobytes(), name
    assert identities(expected) == identities(decoded)


def good_messages() -> list[bytes]:
    """Return records of one envelope and several, good, bad and of every shape."""
    bad = [each for each, _ in BAD]
    objects = [each for each in bad if isinstance(each, dict) and each]
    whole = [
        envelope(FULL, detection(), FULL),
        envelope(FULL, detection(plate_text="tü-1")),
        envelope(*objects),
    ]
    whole += [b"\n".join(whole), b"[" + b", \n".join(whole) + b"]", envelope(FULL, sent_at="x", x={"a": [1]})]
    return [*whole, *(envelope(detection(), each) for each in bad)]


def test_both_readers_agree_on_mutated_messages() -> None:
    """Envelopes with mutated bytes give the same rows fast and slow."""
    rng = Random(20261126)
    messages = good_messages()
    messages += [MARK + each for each in messages]
    assert_agree(messages)
    for _ in range(MUTATED // 5_000 + 2):
        assert_agree([mutated(rng, rng.choice(messages)) for _ in range(500)])


@given(
    st.lists(st.dictionaries(st.sampled_from(FIELDS), TEXTS | SCALARS, max_size=9), min_size=1, max_size=3),
    st.booleans(),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_both_readers_agree_on_any_fields(changes: list[dict[str, Any]], ascii_only: bool) -> None:
    """Anything in any field, and any order of fields, gives the same rows fast and slow."""
    message = json.loads(envelope(*({**each, **FULL, **each} for each in changes)))
    text = json.dumps(message, ensure_ascii=ascii_only).encode()
    assert_agree([text, text + b"\n" + text, b"[" + text + b"]", text.replace(b" ", b"")])


@given(
    st.from_regex(r"[0-9a-fA-F@G`g/:]{8}(-[0-9a-fA-F]{4}){2}[-0][0-9a-g]{4}-[0-9A-G]{11,13}", fullmatch=True)
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_both_readers_agree_on_any_identifier(text: str) -> None:
    """Digits next to those of a UUID make none."""
    assert_agree([envelope(detection(camera_id=text), detection(observation_id=text))])


def test_good_envelopes_are_not_handed_over() -> None:
    """What senders write is read fast, so that tests of the fast reader test it; one row does not spoil the others."""
    joined = RawValues.of([envelope(FULL, detection(plate_text="tü-1")), envelope(detection())])

    scanned, handed_over = scan(joined.buffer, joined.starts, ScannerMemory(new_scratch(), new_templates()))

    assert ([0, 0], [0, 255, 0]) == (handed_over.tolist(), scanned.outcome.tolist())
    assert "ScannedDetections(3 rows)" == repr(scanned)
