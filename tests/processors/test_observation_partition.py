"""An observation partition is a pure function of its log: repeats, batches and old progress change nothing."""

from collections.abc import Mapping
from random import Random
from typing import Final

import numpy as np
import pytest
from hypothesis import given

from naive import RowOutcome, Settings
from naive.settings import US
from naive_examples import IN, T0, WEST, ZONES, at_us, row, utc_us
from processors.observation_partition import Versions, is_settling
from processors.source_clock import Cursor, Mark
from processors.vehicle_table import VEHICLES
from processors.vocabulary import Outcome, Source
from tests.processors.detection_builders import detection_columns
from tests.processors.log_builders import (
    TOPICS,
    FastPartition,
    Marks,
    Message,
    NewCameras,
    NewZones,
    ObservationLog,
    OraclePartition,
    Rows,
    random_log,
    repeated,
)
from tests.processors.position_builders import (
    COMPILED,
    MIDNIGHTS_US,
    ZoneBook,
    position_columns,
    rules,
    seeds,
)

SEEDS: Final = range(40 if COMPILED else 8)
OTHER_TOPIC: Final = b"another topic   "
ANEW: Final = {Source.FMS: OTHER_TOPIC, Source.ANPR: b"another one     "}


def fast_partition(log: ObservationLog) -> FastPartition:
    """Return the state at the beginning of a log."""
    return FastPartition(log.settings, ZoneBook(log.zones), log.registry)


def read_whole(log: ObservationLog) -> FastPartition:
    """Return the state at the end of a log."""
    fast = fast_partition(log)
    for message in log.messages:
        fast.read(message)
    return fast


def assert_equal(oracle: OraclePartition, fast: FastPartition) -> None:
    """Fail unless the oracle and the state agree."""
    assert oracle.cells() == fast.cells()
    assert oracle.carriers() == fast.carriers()
    assert oracle.zone_now() == fast.zone_now()
    assert oracle.rejected() == sorted(fast.rejected)


@given(seeds)
def test_positions_and_detections_of_a_log_are_counted_like_the_oracle_at_every_step(seed: int) -> None:
    """With changes of zones and cameras, and what intake sends again after a crash."""
    log = random_log(Random(seed), changes=True, repeats=True)
    oracle, fast = OraclePartition.of(log), fast_partition(log)
    for message in log.messages:
        oracle.read(message)
        fast.read(message)
        if isinstance(message, Marks):
            assert_equal(oracle, fast)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_in_which_everything_stands_twice_gives_the_figures_of_one_in_which_it_stands_once(
    seed: int,
) -> None:
    """A second run of intake writes the same rows and older progress among those of the first."""
    rng = Random(seed)
    log = random_log(rng)
    once, twice = read_whole(log), read_whole(repeated(rng, log))

    assert once.cells() == twice.cells()
    assert once.carriers() == twice.carriers()
    assert once.totals.feeds == twice.totals.feeds
    assert once.state.cursors() == twice.state.cursors()
    assert once.zone_now() == twice.zone_now()
    assert once.rejected == twice.rejected


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_is_read_again_to_the_same_state(seed: int) -> None:
    """Also where zones and cameras change."""
    log = random_log(Random(seed), changes=True, repeats=True)
    first, second = read_whole(log), read_whole(log)

    assert first.cells() == second.cells()
    assert first.totals.feeds == second.totals.feeds
    assert first.state.cursors() == second.state.cursors()


def mark(source: Source, arrival_us: int, *, topic: bytes | None = None, offset: int = 1_000_000) -> Mark:
    """Return progress of the only partition of a topic."""
    return Mark(topic or TOPICS[source], source, 1, 0, offset, arrival_us)


def empty_partition(settings: Settings | None = None) -> FastPartition:
    """Return a partition over the zone of the examples without cameras."""
    return FastPartition(settings or Settings(), ZoneBook(ZONES), {})


def test_stream_time_of_a_source_is_the_least_over_its_topics() -> None:
    """Unknown while one of them is unknown; positions and detections have clocks of their own."""
    fast = empty_partition()
    assert fast.state.stream_us(Source.FMS) is None
    assert fast.state.now() is None

    fast.read(Marks((mark(Source.FMS, T0 + 9), mark(Source.ANPR, T0 + 1))))
    assert (T0 + 9, T0 + 1) == (fast.state.stream_us(Source.FMS), fast.state.stream_us(Source.ANPR))
    fast.state.clock_of(OTHER_TOPIC, Source.FMS)
    assert fast.state.stream_us(Source.FMS) is None
    fast.read(Marks((mark(Source.FMS, T0 + 3, topic=OTHER_TOPIC),)))
    assert T0 + 3 == fast.state.stream_us(Source.FMS)


def test_rows_of_two_topics_with_equal_offsets_are_both_new() -> None:
    """Cursors belong to topics."""
    fast = empty_partition()
    columns = position_columns([row(0, IN, offset=0)])

    assert 1 == fast.state.add_positions(TOPICS[Source.FMS], columns, fast.ledger)
    assert 1 == fast.state.add_positions(OTHER_TOPIC, columns, fast.ledger)
    assert 0 == fast.state.add_positions(OTHER_TOPIC, columns, fast.ledger)


def test_cursors_tell_what_was_read_and_seen() -> None:
    """Rejected rows move the cursor; they are not the newest event."""
    fast = empty_partition()
    columns = position_columns([row(0, IN, offset=4), row(60, IN, offset=4, index=1)])
    outcome = np.array([Outcome.ACCEPTED, Outcome.FUTURE], np.uint8)
    fast.state.add_positions(TOPICS[Source.FMS], columns._replace(outcome=outcome), fast.ledger)
    fast.state.progress([mark(Source.FMS, T0 + 7, offset=3)], fast.ledger)

    assert [Cursor(TOPICS[Source.FMS], Source.FMS, 0, 4, 2, T0 + 7)] == fast.state.cursors()
    assert (T0, T0) == (
        fast.state.clocks[TOPICS[Source.FMS]].last_event_us,
        fast.state.clocks[TOPICS[Source.FMS]].last_arrival_us,
    )


def test_a_version_that_was_read_before_changes_nothing() -> None:
    """Control messages are repeated; each applies once, and none goes back."""
    fast = empty_partition()
    book = ZoneBook(ZONES)
    old = book.world._replace(version=5)
    fast.state.change_zones(old, frozenset(), fast.ledger)
    changed = book.change({})
    fast.state.change_zones(book.world._replace(version=4), changed, fast.ledger)
    assert fast.state.positions.zones is old

    cameras = fast.state.detections.cameras
    fast.state.change_cameras(3, cameras)
    fast.state.change_cameras(3, cameras._replace(starts=np.zeros(9, np.int32)))
    fast.state.change_settings(2, rules(Settings(slot_s=60)), 0.25)
    fast.state.change_settings(1, rules(Settings(slot_s=900)), 0.75)

    assert fast.state.detections.cameras is cameras
    assert (60 * US, 60 * US) == (fast.state.positions.rules.slot_us, fast.state.detections.rules.slot_us)
    assert 0.25 == fast.state.detections.confidence_floor
    assert Versions(5, 3, 2) == fast.state.versions


def test_progress_without_new_stream_time_takes_nothing() -> None:
    """Nothing is due, so no camera is rejected."""
    fast = empty_partition()

    assert fast.state.progress([mark(Source.ANPR, T0)], fast.ledger) is not None
    assert fast.state.progress([mark(Source.ANPR, T0), mark(Source.FMS, T0)], fast.ledger) is None


def test_draining_takes_positions_and_detections() -> None:
    """As at the end of a history."""
    log = random_log(Random(3))
    fast = fast_partition(log)
    rows = [message for message in log.messages if isinstance(message, Rows)]
    for message in rows:
        fast.read(message)
    rejections = fast.state.drain(fast.ledger)
    fast.flush()

    outcomes = fast.totals.outcomes()
    assert (
        len({(message.source, each.identity) for message in rows for each in message.rows})
        == outcomes.total()
    )
    assert outcomes[RowOutcome.UNREGISTERED_CAMERA] == rejections.offset.size
    assert RowOutcome.HELD not in outcomes


def test_all_kinds_of_messages_come_up_in_random_logs() -> None:
    """The logs above would prove little otherwise."""
    messages: list[Message] = []
    for seed in range(10):
        messages += random_log(Random(seed), changes=True, repeats=True).messages

    assert {Rows, Marks, NewZones, NewCameras} == {type(message) for message in messages}


@pytest.mark.parametrize("day", ["2026-06-02", "2026-03-29", "2026-10-25"])
def test_the_first_five_minutes_of_a_local_day_are_settling(day: str) -> None:
    """Also on the days on which clocks change."""
    offset = "+01:00" if day == "2026-03-29" else "+02:00"
    midnight_us = utc_us(f"{day}T00:00:00{offset}")
    moments = (midnight_us - 1, midnight_us, midnight_us + 300 * US - 1, midnight_us + 300 * US)

    assert [False, True, True, False] == [is_settling(moment, MIDNIGHTS_US) for moment in moments]


def test_now_follows_stream_time_of_positions() -> None:
    """A vehicle is present for five minutes after its newest position, then silent."""
    fast = empty_partition()
    fast.read(Rows(Source.FMS, (row(0, IN), row(0, WEST, vehicle="outside"))))
    told = []
    for second in (0, 299, 300):
        fast.read(Marks((mark(Source.FMS, at_us(second)),)))
        told.append(fast.zone_now())

    key = ("box", "N1", "no")
    assert [(at_us(0), {key: (1, 0)}), (at_us(299), {key: (1, 0)}), (at_us(300), {key: (0, 1)})] == told


def read_of(fast: FastPartition, message: Message, topics: Mapping[Source, bytes]) -> None:
    """Read a message as one of other source topics."""
    match message:
        case Rows(Source.FMS, rows):
            fast.state.add_positions(topics[Source.FMS], position_columns(rows), fast.ledger)  # type: ignore[arg-type] # of one source
        case Rows(Source.ANPR, rows):
            fast.state.add_detections(topics[Source.ANPR], detection_columns(rows), fast.ledger)  # type: ignore[arg-type] # as above
        case Marks(marks):
            moved = [mark._replace(topic_id=topics[Source(mark.source)]) for mark in marks]
            fast.state.progress(moved, fast.ledger)


def told_of(messages: list[Message]) -> dict[tuple[Source, int], int]:
    """Return up to where progress has passed each source partition."""
    told: dict[tuple[Source, int], int] = {}
    for message in messages:
        for each in message.marks if isinstance(message, Marks) else ():
            key = (Source(each.source), each.partition)
            told[key] = max(told.get(key, 0), each.next_offset)
    return told


def only_told(messages: list[Message]) -> list[Message]:
    """Return the messages without the rows that no progress passes."""
    told = told_of(messages)
    return [
        message._replace(
            rows=tuple(r for r in message.rows if r.offset < told.get((message.source, r.partition), 0))
        )
        if isinstance(message, Rows)
        else message
        for message in messages
    ]


def end_topics(fast: FastPartition) -> None:
    """Let both source topics be over."""
    for source, topic_id in TOPICS.items():
        fast.state.end_topic(topic_id, source, fast.ledger)


@given(seeds)
def test_a_topic_that_is_over_leaves_what_progress_had_passed(seed: int) -> None:
    """And nothing else: what was sent beyond it is read again from the topic that has its name now, and counts once."""
    rng = Random(seed)
    log = random_log(rng)
    cut = rng.randint(0, len(log.messages))
    leaked, clean = fast_partition(log), fast_partition(log)
    for message in log.messages[:cut]:
        leaked.read(message)
    for message in only_told(log.messages[:cut]):
        clean.read(message)
    if rng.random() < 0.5:
        leaked = leaked.restarted()
    end_topics(leaked)
    end_topics(clean)

    assert_alike(clean, leaked)
    assert leaked.state.stream_us(Source.FMS) is None
    for message in log.messages:
        read_of(leaked, message, ANEW)
        read_of(clean, message, ANEW)
    assert_alike(clean, leaked)
    assert leaked.state.stream_us(Source.FMS) is not None


def assert_alike(clean: FastPartition, leaked: FastPartition) -> None:
    """Fail unless figures and vehicles are alike; counts of feeds have what was read twice."""
    assert clean.cells() == leaked.cells()
    assert clean.carriers() == leaked.carriers()
    assert clean.state.positions.open_visits == leaked.state.positions.open_visits
    assert clean.state.positions.arrays.counts[VEHICLES] == leaked.state.positions.arrays.counts[VEHICLES]
    assert clean.zone_now() == leaked.zone_now()


def test_what_is_sent_of_a_topic_after_its_end_is_not_taken() -> None:
    """By an intake that slept over it; a second word of the end changes nothing of the topic that follows."""
    fast = empty_partition()
    columns = position_columns([row(0, IN, offset=0)])
    end_topics(fast)

    assert 0 == fast.state.add_positions(TOPICS[Source.FMS], columns, fast.ledger)
    assert 1 == fast.state.add_positions(OTHER_TOPIC, columns, fast.ledger)
    end_topics(fast)
    assert fast.state.positions.holds_below({0: 1})
    fast.state.progress([mark(Source.FMS, T0 + 3_600 * US, topic=OTHER_TOPIC)], fast.ledger)
    assert not fast.state.positions.holds_below({0: 1})


def test_the_end_of_a_topic_leaves_the_rows_of_one_that_is_read_beside_it() -> None:
    """Where intake began with the new topic without anybody saying so, what is held may be of either."""
    fast = empty_partition()
    fast.state.add_positions(TOPICS[Source.FMS], position_columns([row(0, IN, offset=0)]), fast.ledger)
    fast.state.add_positions(OTHER_TOPIC, position_columns([row(9, IN, offset=1)]), fast.ledger)

    end_topics(fast)

    assert fast.state.positions.holds_below({0: 2})
    fast.state.progress([mark(Source.FMS, T0 + 3_600 * US, topic=OTHER_TOPIC)], fast.ledger)
    assert not fast.state.positions.holds_below({0: 2})


def test_the_end_of_a_topic_tells_of_unregistered_cameras() -> None:
    """As stream time would have."""
    log = random_log(Random(3))
    fast, drained = fast_partition(log), fast_partition(log)
    for message in only_told(log.messages):
        if isinstance(message, Rows):
            fast.read(message)
            drained.read(message)
    fast.state.clock_of(TOPICS[Source.ANPR], Source.ANPR).told_offset[:] = 1 << 40

    told = fast.state.end_topic(TOPICS[Source.ANPR], Source.ANPR, fast.ledger)

    assert told is not None
    assert told.offset.size == drained.state.drain(drained.ledger).offset.size > 0
