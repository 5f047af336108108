"""The compiled reader of nested objects agrees with the slow reader, its twin, whatever the bytes."""

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from processors.vocabulary import Outcome
from streams.decode.decoded_parts import CHUNK_BYTES
from streams.decode.lexer import MARK
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions
from tests.streams.decode.nested_messages import forwarded, nested_message, otm_event
from tests.streams.decode.scanner_twins import MUTATED, assert_agree, message, mutated, scanned_by_itself

GOLDEN = Path(__file__).parent / "golden"
FORMATS = [PositionFormat.AUTO, PositionFormat.OTM, PositionFormat.TRACCAR, PositionFormat.CANONICAL]


def test_both_readers_agree_on_random_messages() -> None:
    """Fields of any type, missing, in any order, give the same rows fast and slow, in every format."""
    rng = Random(51)
    for turn in range(MUTATED // 5_000 + 2):
        assert_agree([nested_message(rng) for _ in range(1_000)], FORMATS[turn % len(FORMATS)])


def test_both_readers_agree_on_mutated_messages() -> None:
    """Messages with mutated bytes give the same rows fast and slow."""
    rng = Random(20261124)
    messages = [nested_message(rng) for _ in range(400)]
    messages += [path.read_bytes().strip() for path in sorted(GOLDEN.iterdir())]
    messages += [MARK + each for each in messages[:100]]
    for turn in range(MUTATED // 2_000 + 2):
        values = [mutated(rng, rng.choice(messages)) for _ in range(1_000)]
        assert_agree(values, FORMATS[0] if turn % 2 else FORMATS[turn % len(FORMATS)])


def test_both_readers_agree_on_mixed_formats() -> None:
    """Flat and nested objects may follow each other in a record and in a topic."""
    rng = Random(7)
    for _ in range(MUTATED // 5_000 + 1):
        values = [rng.choice([message, nested_message])(rng) for _ in range(500)]
        values += [b"\n".join(rng.sample(values, 2)) for _ in range(100)]
        assert_agree(values)


def test_good_messages_are_not_handed_over() -> None:
    """What senders write is read fast, so that tests of the fast reader test it."""
    otm = (GOLDEN / "otm_inline.json").read_bytes().strip()
    messages = [otm, b"[" + otm + b"]", *(GOLDEN / "otm_reference.ndjson").read_bytes().strip().split(b"\n")]
    messages += (GOLDEN / "traccar.ndjson").read_bytes().strip().split(b"\n")

    scanned, handed_over = scanned_by_itself(messages)

    assert 0 == handed_over.sum()
    assert len(messages) == scanned.outcome.size
    assert not np.any(scanned.outcome == 255)


def test_a_template_takes_no_value_for_a_field_of_an_earlier_chunk() -> None:
    """Places in the buffer come again in the next chunk, and what stands there is something else."""
    start = b'{"eventType":"locationUpdateEvent",'
    rest = b'"creationDate":0,"geoReference":{"lat":52,"lon":5}}'
    known = start + b'"vehicle":{"uuid":"abc"},' + rest
    nameless = start + b'"of equal length":"abc",' + rest
    assert known.index(b"abc") == nameless.index(b"abc")

    decoded = decode_positions([known, b" " * CHUNK_BYTES, nameless, nameless])

    outcomes = [Outcome.ACCEPTED, Outcome.EMPTY, Outcome.MISSING_FIELD, Outcome.MISSING_FIELD]
    assert outcomes == decoded.outcome.tolist()


@pytest.mark.parametrize("depth", [1, 31, 32, 33, 62, 63, 64, 65, 100_000])
def test_nesting_is_skipped_to_the_depth_that_records_may_have(depth: int) -> None:
    """However deep the part that nobody reads is, up to the 64 levels of any record."""
    event = {"eventType": "locationUpdateEvent", "creationDate": 0, "vehicle": {"uuid": "a"}}
    text = json.dumps({**event, "geoReference": {"lat": 52, "lon": 5}}).encode()
    value = text[:-1] + b',"x":' + b"[" * depth + b"]" * depth + b"}"

    outcome = Outcome.ACCEPTED if depth < 64 else Outcome.TOO_DEEP
    assert [outcome] == decode_positions([value]).outcome.tolist()


def test_a_message_of_most_kinds_is_accepted_often_enough() -> None:
    """The random messages above are mostly good ones, else agreement would say little."""
    rng = Random(3)
    values = [json.dumps(make(rng)).encode() for make in (otm_event, forwarded) for _ in range(2_000)]

    outcomes = decode_positions(values).outcome

    found = {Outcome(code) for code in np.unique(outcomes)}
    assert 300 < (outcomes == Outcome.ACCEPTED).sum()
    assert {Outcome.NOT_ACTUAL, Outcome.NO_FIX, Outcome.MISSING_FIELD, Outcome.WRONG_TYPE} < found
    assert {Outcome.OUT_OF_RANGE, Outcome.BAD_TIME, Outcome.BAD_VEHICLE, Outcome.UNKNOWN_MESSAGE} < found
