"""Row 7: records that no sender should send end no process, are counted, and change nothing else."""

import sys
import time

import pytest
from confluent_kafka import Producer

from streams.topics import POSITIONS_TOPIC, RAW_MESSAGE_BYTES
from tests.faults.fault_run import FaultRun, new_random, times
from tests.faults.figures_table import feed_counts
from tests.faults.fuzz import fuzzed
from tests.faults.installation import Installation
from tests.faults.raw_topics import ANPR, FMS, send
from tests.faults.unit_events import EventWorld, poison_among

pytestmark = [pytest.mark.services, pytest.mark.slow]

ARRAY_ROWS = 100_000
ENVELOPE_BYTES = 200  # of a batch of one record, at most


def test_fuzzed_records_end_nothing_and_change_no_other_row(
    squares: Installation, events: EventWorld
) -> None:
    """Each is one row, accepted or rejected; the events among them count once each, in their cells."""
    random = new_random()
    count = times(100_000, 1_000_000)
    with FaultRun(squares, events) as run:
        sent = send(squares.bootstrap_servers, fuzzed(random, count, now_ms(), squares.partitions))
        assert count == sent
        large = send_largest(squares.bootstrap_servers)
        array = send_array(squares.bootstrap_servers)
        verdict = run.settle(within_s=180.0)
    assert [] == run.supervisor.deaths
    assert verdict.is_exact, str(verdict)
    counts = feed_counts(squares.database_url)
    detections = (verdict.sent + 9) // 10
    fuzzed_detections = (count + 4) // 5
    sys.stdout.write(f"{ {source: dict(found) for source, found in counts.items()} }\n")

    positions = verdict.sent - detections + poison_among(verdict.sent) + count - fuzzed_detections
    assert positions + large + array == counts[FMS]["accepted"] + counts[FMS]["rejected"]
    assert detections + fuzzed_detections == counts[ANPR]["accepted"] + counts[ANPR]["rejected"]
    assert counts[FMS]["accepted"] >= array + verdict.sent - detections


def now_ms() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def send_largest(bootstrap_servers: str) -> int:
    """Send a position that is as large as the topic takes; return its number of rows."""
    head = b'{"vehicle":"largest","time":%d,"lat":41.5,"lon":9.5,"note":"' % now_ms()
    value = head + b"n" * (RAW_MESSAGE_BYTES - ENVELOPE_BYTES - len(head) - 2) + b'"}'
    send_alone(bootstrap_servers, value, "none")
    return 1


def send_array(bootstrap_servers: str) -> int:
    """Send an array of so many positions, which fits because it is compressed; return its number of rows."""
    rows = (
        b'{"vehicle":"array-%d","time":%d,"lat":41.5,"lon":9.5}' % (number, now_ms() - number)
        for number in range(ARRAY_ROWS)
    )
    send_alone(bootstrap_servers, b"[" + b",".join(rows) + b"]", "zstd")
    return ARRAY_ROWS


def send_alone(bootstrap_servers: str, value: bytes, compression: str) -> None:
    """Send one record in a batch of its own."""
    sender = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "message.max.bytes": 64 << 20,
            "compression.type": compression,
            "log_level": 0,
        }
    )
    failures: list[str] = []
    sender.produce(
        POSITIONS_TOPIC,
        value,
        partition=0,
        on_delivery=lambda error, _: error and failures.append(str(error)),
    )
    sender.flush(60.0)
    assert [] == failures
