"""Intake over logs in memory: the rows and dead letters that it sends, and what a successor makes of the same log."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.columns import DetectionColumns, PositionColumns
from streams.dead_letters import MOST_LETTERS
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.raw_batch import RawBatch
from tests.duls.pipelines.intake_world import (
    DEAD,
    LOGS,
    NOW_MS,
    PARTITIONS,
    PASSAGES,
    RAW,
    Record,
    Running,
    log_of,
)
from tests.streams.client_fakes import message


@settings(max_examples=60)
@given(LOGS, st.data(), st.sampled_from(["arrival", "event"]))
def test_a_successor_computes_the_same_rows(records: list[Record], data: st.DataObject, clock: str) -> None:
    """Whatever was committed, what comes after is what one process makes of the whole log, in whatever batches."""
    log = log_of(records)
    split = data.draw(st.integers(0, len(log)))
    cuts = sorted(data.draw(st.lists(st.integers(split, len(log)), max_size=3)))
    whole = Running(clock=clock)
    whole.own()
    whole.read(log)
    first, second = Running(clock=clock), Running(clock=clock)
    first.own()
    first.read(log[:split])
    first.intake.finish()
    second.consumer.stored = first.consumer.stored

    second.own()
    for start, end in zip([split, *cuts], [*cuts, len(log)], strict=True):
        second.read(log[start:end])
    for running in (whole, second):
        running.intake.finish()

    assert whole.row_tuples() == sorted(first.row_tuples() + second.row_tuples())
    assert whole.committed() == second.committed()
    assert {key: stored.metadata for key, stored in whole.consumer.stored.items()} == {
        key: stored.metadata for key, stored in second.consumer.stored.items()
    }


@given(LOGS)
def test_rows_read_are_rows_sent(records: list[Record]) -> None:
    """Accepted and rejected ones together, each once, in the metrics too; every rejected one has a dead letter."""
    running = Running()
    running.own()

    running.read(log_of(records))

    rows = sum(record.event_ms is not None for record in records)
    outcomes = [outcome for _, columns in running.rows() for outcome in columns.outcome.tolist()]
    letters = [json.loads(sent.value or b"") for sent in running.producer.sent if sent.topic == DEAD]
    text = running.metrics.exposition().decode()
    assert rows == len(outcomes)
    assert sum(outcome >= 16 for outcome in outcomes) == len(letters)
    assert all(
        letter.keys() == {"topic", "topic_id", "partition", "offset", "index", "reason"} for letter in letters
    )
    if rows:
        assert f'outcome="accepted",source="fms"}} {float(rows - len(letters))}' in text
        assert f'outcome="rejected",source="fms"}} {float(len(letters))}' in text


HOSTILE = 40_000  # rows of a record


@pytest.mark.parametrize("topic", [RAW, PASSAGES])
@pytest.mark.parametrize("row", [b"0", b"{}", b'{"a":1}'])
def test_a_record_of_nothing_but_faults_has_few_letters(topic: str, row: bytes) -> None:
    """They take a thousandth of what one for each row would, and all rows are counted all the same."""
    running = Running()
    running.own((topic, 0))
    value = b"[" + b",".join([row] * HOSTILE) + b"]"

    running.read([message(topic, 0, 0, value, time_ms=NOW_MS)])

    letters = [json.loads(sent.value or b"") for sent in running.producer.sent if sent.topic == DEAD]
    outcomes = [outcome for _, columns in running.rows() for outcome in columns.outcome.tolist()]
    text = running.metrics.exposition().decode()
    source = "fms" if topic == RAW else "anpr"
    assert [*range(MOST_LETTERS), MOST_LETTERS] == [letter["index"] for letter in letters]
    assert [1] * MOST_LETTERS + [HOSTILE - MOST_LETTERS] == [letter.get("rows", 1) for letter in letters]
    assert HOSTILE == len(outcomes)
    assert f'outcome="rejected",source="{source}"}} {float(HOSTILE)}' in text
    assert f'duls_dead_letters_total{{reason="{letters[0]["reason"]}"}} {float(HOSTILE)}' in text


def test_rows_that_go_the_same_way_keep_their_order() -> None:
    """Of one source partition the offsets only increase, which cursors rely on."""
    running = Running()
    running.own()

    running.read(log_of([Record(0, 0, 0, f"NL:{n % 7}") for n in range(60)]))
    running.read(
        [m for m in log_of([Record(0, 0, 0, f"NL:{n % 7}") for n in range(90)]) if (m.offset() or 0) >= 60]
    )

    for partition in range(PARTITIONS):
        offsets = [
            offset
            for way, columns in running.rows()
            if way == partition
            for offset in columns.offset.tolist()
        ]
        assert sorted(set(offsets)) == offsets


def test_both_feeds_are_read_in_one_step() -> None:
    """Each by its own rules; detections go to one partition."""
    running = Running()
    running.own((RAW, 0), (PASSAGES, 0))

    running.read([*log_of([Record(0, 5, 0)]), *log_of([Record(0, 5, 0)], PASSAGES)])

    assert {PositionColumns, DetectionColumns} == {type(columns) for _, columns in running.rows()}


def test_plates_appear_nowhere_but_in_raw_records() -> None:
    """Not in keys, headers, values, metrics, nor in the representation of a batch that fails."""
    plate = "XX999X"
    running = Running()
    running.own()
    broken = message(RAW, 0, 1, b'{"vehicle":"NL:XX-999-X","plate":"XX999X","time":"soon"}', time_ms=NOW_MS)

    running.read([*log_of([Record(0, 5, 0, "NL:XX-999-X")]), broken], after_s=2.0)

    values = [b'{"vehicle":"NL:XX-999-X","time":1,"lat":1.0,"lon":1.0}']
    batch = RawBatch([*values], np.zeros(1, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64))
    shown = repr((batch, decode_positions(values), decode_detections(values)))
    assert "(RawBatch(1 records), DecodedPositions(1 rows), DecodedDetections(1 rows))" == shown
    said = repr(running.producer.sent) + running.metrics.exposition().decode() + repr(running.consumer.stored)
    assert plate not in said.replace("-", "")
