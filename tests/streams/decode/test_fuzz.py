"""A million messages of all formats, spoilt in every way, through the decoders of both feeds and admission."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
import pytest

from duls.local_midnights import local_midnights
from processors.columns import DecodedDetections, DecodedPositions, Int64Array, UInt64Array
from processors.vocabulary import FIRST_REJECTION, Outcome
from streams.admission import AdmissionRules, DayKey, admit
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.raw_batch import RawBatch
from tests.streams.decode.scanner_twins import COMPILED, mutated

SOAK: Final = bool(os.environ.get("DULS_TEST_SOAK"))
COUNT: Final = 1_000_000 if SOAK else 50_000 if COMPILED else 3_000
BATCH: Final = 10_000 if COMPILED else 1_000
LEAST_PER_S: Final = 20_000
GOLDEN: Final = Path(__file__).parent / "golden"
NOW_US: Final = 1_795_500_000_000_000
UUID: Final = "f9b90f2c-7e1c-4dc4-bb06-9e8a0d1c7f31"
PLATE: Final = {"kenteken": {"kentekenHash": "9f86d081884c7d65", "landcode": "NL"}}
FLAT: Final = {"observation_id": UUID, "camera_id": UUID, "event_time": "2026-11-23T07:12:15Z"}
DETECTIONS: Final = [
    {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0",
     "payload": [{**FLAT, "plate_country": "NL", "plate_text": "VB123K", "read_confidence": 0.9}]},
    {**FLAT, "plate": {"country": "NL", "text": "VB123K"}, "read_quality": {"confidence": 0.9}},
    {"message_type": "camera_registration", "schema_version": "anpr-2.0.0",
     "payload": [{"camera_id": UUID, "location_lat": 52.09, "location_lon": 5.12, "azimuth_deg": 145}]},
    {"id": UUID, "timestamp": "2026-11-23T08:12:15+01:00", "voertuig": PLATE,
     "camera": {"id": "ANPR-1", "rijrichting": "NAAR", "locatie": {"latitude": 52.3, "longitude": 4.9}}},
]  # fmt: skip
LINES: Final = b"Id;Tijd(CET);Hash;Land;Klasse;Locatie\n1;2026-11-23 08:12:15;9f86d081;NL;LB;Kade"
EXTREMES: Final[list[bytes | None]] = [
    None,
    b"",
    b"[" * 100_000,
    b'{"vehicle":' * 100_000,
    b'{"eventType":"locationUpdateEvent","geoReference":{"lat":' + b"9" * 100_000 + b"}}",
    b'{"vehicle":"x","time":NaN,"lat":Infinity,"lon":-Infinity}',
    b"\xff" * 10_000,
    b"\xff\xff\xff\xff" + b"\x10\x00\x00\x00" * 100,
    b"Id;" + b";" * 100_000,
    b'1;"' + b"x" * 200_000,
    b'"' + b"\\u0000" * 10_000 + b'"',
    b'{"message_type":"anpr_observation_batch","schema_version":"anpr-2.0.0","payload":'
    + b"[" * 200
    + b"]" * 200
    + b"}",
]


def good_messages() -> list[bytes]:
    """Return one record or more of every format."""
    found = [path.read_bytes().strip() for path in sorted(GOLDEN.iterdir())]
    found += [json.dumps(message).encode() for message in DETECTIONS]
    return [*found, LINES]


def spoilt(rng: Random, count: int) -> Iterator[bytes | None]:
    """Yield messages, of which a tenth are whole and one in a thousand is extreme."""
    good = good_messages()
    for number in range(count):
        message = good[rng.randrange(len(good))]
        if number % 1_000 == 7:
            yield EXTREMES[number // 1_000 % len(EXTREMES)]
        elif number % 10 == 0:
            yield message
        else:
            yield mutated(rng, message)


def pseudonymise(decoded: Any, rows: Int64Array) -> tuple[UInt64Array, UInt64Array]:
    """Return a number for each identity."""
    lengths = decoded.identity_length[rows].astype(np.uint64)
    return lengths, lengths


@pytest.mark.parametrize("decode", [decode_positions, decode_detections])
def test_every_message_is_accepted_or_rejected(
    decode: Callable[[list[bytes | None]], DecodedPositions | DecodedDetections],
) -> None:
    """Whatever it says and whichever topic it is sent to: none fails, none is lost, and it is fast enough."""
    rng = Random(20261125)
    rules = AdmissionRules("arrival", local_midnights(), lambda _day: DayKey(pseudonymise, 4))
    sent = accepted = rejected = rows = 0
    spent_s = 0.0
    decode(good_messages())  # compiled before it is timed
    while sent < COUNT:
        values = list(spoilt(rng, BATCH))
        begin_s = time.process_time()
        decoded = decode(values)
        count = len(values)
        batch = RawBatch(
            values, np.zeros(count, np.int32), np.arange(count, dtype=np.int64), np.full(count, NOW_US)
        )
        outcome = admit(decoded, batch, {0: 0}, rules).columns.outcome
        spent_s += time.process_time() - begin_s
        assert np.array_equal(np.arange(count), np.unique(decoded.record))
        for name in ("event_us", "lat", "lon", "confidence"):
            assert np.isfinite(getattr(decoded, name, np.zeros(1))).all()
        assert set(outcome.tolist()) <= set(Outcome)
        sent += count
        rows += outcome.size
        rejected += int((outcome >= FIRST_REJECTION).sum())
        accepted += int((outcome < FIRST_REJECTION).sum())
    sys.stdout.write(
        f"{decode.__name__}: {sent} messages, {rows} rows, {accepted} accepted, {rejected} rejected, "
        f"{sent / spent_s:,.0f} messages per CPU-second\n"
    )

    assert accepted + rejected == rows >= sent
    assert accepted > sent // 20
    if SOAK:
        assert sent / spent_s >= LEAST_PER_S
