"""What aggregate reads: replays, gaps, messages of others, errors, and versions of zones and settings."""

import pytest
from confluent_kafka import KafkaError

from duls.errors import RefusedError, ReplayError, ServiceAwayError
from streams.observation_headers import KIND_HEADER, Kind, headers_of
from tests.duls.pipelines.aggregate_entries import (
    FMS_ID,
    OURS,
    TOPIC,
    Entry,
    Seen,
    control,
    entry_message,
    positions,
    progress,
)
from tests.duls.pipelines.aggregate_logs import BEGIN, drive, finished, flushed, one_log
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process
from tests.streams.client_fakes import message


def test_a_replay_that_misses_rows_stops_the_process() -> None:
    """Guard 16: the cursors tell, also where the last message of the replay is the missing one."""
    logs = one_log(*drive())
    store = MemoryStore()
    first = Process(store, logs)
    first.own(0)
    for _ in range(2):
        first.read(4)
        first.aggregate.flush()
    second = Process(store, logs)
    second.own(0)
    kept = [offset for offset in range(4, len(logs[0])) if offset != store.offsets[0] - 1]
    second.consumer.incoming = [[entry_message(logs[0][offset], 0, offset) for offset in kept]]

    with pytest.raises(ReplayError, match="cursors differ"):
        second.aggregate.step()


def test_a_gap_behind_the_replay_ends_it_with_its_check() -> None:
    """A message of somebody else stood at the end, and is gone; the first new rows count all the same."""
    theirs = Entry(b"", headers_of(Kind.POSITIONS, bytes(16), FMS_ID))
    entries = drive()
    logs = one_log(*entries[:4], theirs, *entries[4:])
    store = MemoryStore()
    flushed(store, logs, 4, 4)
    assert 8 == store.offsets[0]
    second = Process(store, logs)
    second.own(0)
    kept = [offset for offset in range(4, len(logs[0])) if offset != 7]
    second.consumer.incoming = [[entry_message(logs[0][offset], 0, offset) for offset in kept]]
    second.consumer.assigned[TOPIC, 0] = len(logs[0])

    second.aggregate.step()
    second.aggregate.finish()

    assert finished(logs).contents() == store.contents()


def test_what_was_read_comes_again_without_effect() -> None:
    """Guard 5: offsets of a partition only increase."""
    logs = one_log(*drive())
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read()
    process.consumer.assigned[TOPIC, 0] = 2

    process.read(3)
    assert len(logs[0]) == process.aggregate.owned[0].read_offset
    process.read()
    process.aggregate.finish()

    assert finished(logs).contents() == store.contents()


def test_messages_of_others_are_passed_over() -> None:
    """Of another installation, without our headers, or without a value."""
    entries = drive()
    noise = [
        Entry(b"x", headers_of(Kind.POSITIONS, bytes(16), FMS_ID)),
        Entry(b"x", []),
        Entry(None, headers_of(Kind.PROGRESS, OURS)),
    ]

    with_noise = finished(one_log(*noise, *entries, *noise)).contents()
    without = finished(one_log(*entries)).contents()

    assert {**without, "offsets": {}} == {**with_noise, "offsets": {}}


def test_a_kind_of_a_later_version_stops_the_process() -> None:
    """To pass over it would lose what it says."""
    headers = [
        (name, b"later" if name == KIND_HEADER else value) for name, value in headers_of(Kind.CONTROL, OURS)
    ]
    process = Process(MemoryStore(), one_log(Entry(b"{}", headers)))
    process.own(0)

    with pytest.raises(RefusedError, match="newer"):
        process.read()


def test_rows_without_a_source_topic_stop_the_process() -> None:
    """Their cursors would be nobody's."""
    value = drive()[0].value
    process = Process(MemoryStore(), one_log(Entry(value, headers_of(Kind.POSITIONS, OURS))))
    process.own(0)

    with pytest.raises(RefusedError, match="source topic"):
        process.read()


def test_records_that_are_gone_stop_the_process() -> None:
    """Guard 2: the message says what to do."""
    process = Process(MemoryStore(), one_log())
    process.own(0)
    error = KafkaError(KafkaError._AUTO_OFFSET_RESET)
    process.consumer.incoming = [[message(TOPIC, 0, 5, b"text", error=error)]]

    with pytest.raises(RefusedError, match="--from-beginning"):
        process.aggregate.step()


@pytest.mark.parametrize(
    ("error", "ends"),
    [
        (KafkaError(KafkaError._TRANSPORT, "gone", retriable=True), False),
        (KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), True),
    ],
)
def test_an_error_that_does_not_pass_ends_the_process(error: KafkaError, ends: bool) -> None:
    """Others are the client's to repeat."""
    process = Process(MemoryStore(), one_log())
    process.own(0)
    process.consumer.incoming = [[message(TOPIC, 0, 0, b"text", error=error)]]

    if ends:
        with pytest.raises(ServiceAwayError, match="reading observations failed"):
            process.aggregate.step()
    else:
        process.aggregate.step()


def test_partitions_may_go_over_to_another_slot_length_at_different_times() -> None:
    """Cells of both lengths leave in one flush, and hours and days are sums of both."""
    rows = [positions([Seen(n, n, n, 1, 5.02)]) for n in range(3)]
    logs = [
        [*BEGIN, rows[0], control("settings", 2), rows[1], progress(9, 100.0)],
        [*BEGIN, rows[0], rows[1], rows[2], progress(9, 100.0)],
    ]
    store = MemoryStore()
    process = Process(store, logs)
    process.own(0, 1)
    process.read()

    process.aggregate.flush()

    observations = {
        slot_s: sum(int(figures[0]) for key, figures in store.figures.items() if key[:2] == ("slot", slot_s))
        for slot_s in (60, 300)
    }
    assert {60: 2, 300: 3} == observations
    assert 1 == len(store.flushes)
    assert 5 == store.total("observations") == store.total("observations", "day")


def test_an_older_version_changes_nothing() -> None:
    """The outbox repeats, and two processes may relay in either order."""
    logs = one_log(control("zones", 3), control("zones", 2), control("zones", 1), *drive())

    store = MemoryStore()
    process = Process(store, logs)
    process.own(0)
    process.read()

    assert (3, 1, 1) == process.aggregate.owned[0].state.versions


def test_skipping_a_version_keeps_the_law_of_visits() -> None:
    """A zone that changed and changed back in between ends its visits all the same."""
    inside = [positions([Seen(0, 0.0, 0.0, 1, 5.15)]), progress(1, 10.0)]
    after = [positions([Seen(1, 20.0, 20.0, 1, 5.15)]), progress(2, 30.0)]
    store = finished(one_log(*inside, control("zones", 3), *after))

    opened = store.total("entries") + store.total("appearances")
    closed = store.total("exits") + store.total("disappearances")
    assert sum(store.open_visits.values()) == opened - closed
    assert 2 == opened
