"""Rejected rows are told of by place and reason, and those of unregistered cameras can be sent again."""

import tracemalloc
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec
import pytest
from confluent_kafka import OFFSET_BEGINNING, Producer

from duls.app.dead_letters import batched_by_bytes, list_letters, replay_letters, show_letters
from duls.config import Settings
from duls.errors import ConfigError
from streams.clients import make_admin
from streams.dead_letters import DeadLetter
from streams.topic_reader import make_reader, messages_to_end
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    DETECTIONS_TOPIC,
    POSITIONS_TOPIC,
    describe_topic,
)

DEADLINE_S = 20.0
MOST_HELD_BYTES = 8 * 1024 * 1024


class Place(NamedTuple):
    """Where a rejected row stands, and how many its letter stands for."""

    offset: int
    row: int = 0
    partition: int = 0
    rows: int = 1


def send(settings: Settings, topic: str, values: Sequence[bytes]) -> None:
    """Append values to the first partition of a topic, one batch each."""
    producer = Producer({"bootstrap.servers": settings.kafka.bootstrap_servers, "log_level": 0})
    for value in values:
        producer.produce(topic, value, partition=0)
        assert producer.flush(DEADLINE_S) == 0


def topic_id(settings: Settings, topic: str) -> UUID:
    """Return the id of a topic."""
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    return describe_topic(admin, topic).topic_id


def reject(settings: Settings, topic: str, reason: str, *places: Place, of: UUID | None = None) -> None:
    """Tell of rows of a raw topic that were rejected."""
    dead = {POSITIONS_TOPIC: DEAD_POSITIONS_TOPIC, DETECTIONS_TOPIC: DEAD_DETECTIONS_TOPIC}[topic]
    named = (of or topic_id(settings, topic)).hex
    letters = [
        DeadLetter(
            topic_id=named, partition=p.partition, offset=p.offset, index=p.row, reason=reason, rows=p.rows
        )
        for p in places
    ]
    send(settings, dead, [msgspec.json.encode(letter) for letter in letters])


def raw_values(settings: Settings) -> list[bytes | None]:
    """Return what the raw topic of detections holds, in order of partition and offset."""
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    starts = dict.fromkeys(range(settings.kafka.partitions), OFFSET_BEGINNING)
    read = [message.value() for message in messages_to_end(reader, DETECTIONS_TOPIC, starts)]
    reader.close()
    return read


def test_letters_are_counted_by_topic_and_reason(installed: Settings) -> None:
    """Each group says how many and since when."""
    reject(installed, POSITIONS_TOPIC, "bad_time", Place(1), Place(2))
    reject(installed, DETECTIONS_TOPIC, "unregistered_camera", Place(7))

    groups = list_letters(installed)

    assert [(DETECTIONS_TOPIC, "unregistered_camera", 1), (POSITIONS_TOPIC, "bad_time", 2)] == [
        group[:3] for group in groups
    ]
    assert all(0 < group.first_ms <= group.last_ms for group in groups)


def test_the_newest_letters_are_shown(installed: Settings) -> None:
    """By place, for one reason when asked so."""
    reject(installed, POSITIONS_TOPIC, "bad_time", Place(1), Place(2, row=3))
    reject(installed, POSITIONS_TOPIC, "future", Place(4))

    shown = show_letters(installed, reason="bad_time", limit=1)

    assert [(2, 3, "bad_time")] == [(letter.offset, letter.row, letter.reason) for letter in shown]


def test_a_reason_that_does_not_exist_is_refused(settings: Settings) -> None:
    """The sentence lists those that do."""
    with pytest.raises(ConfigError, match=r"one of not_json, .* got 'ugly'"):
        show_letters(settings, reason="ugly", limit=1)


def test_a_letter_of_many_rows_counts_as_many(installed: Settings) -> None:
    """Where they are listed, shown and sent again; the record goes once, with all its rows."""
    send(installed, DETECTIONS_TOPIC, [b"zero", b"one"])
    reject(installed, DETECTIONS_TOPIC, "unregistered_camera", Place(1), Place(1, row=1, rows=400))

    (group,) = list_letters(installed)
    shown = show_letters(installed, reason=None, limit=5)
    replayed = replay_letters(installed)

    assert (2, 401) == (group.letters, group.rows)
    assert [(0, 1), (1, 400)] == [(letter.row, letter.rows) for letter in shown]
    assert (401, 1, 0) == replayed
    assert 2 == raw_values(installed).count(b"one")


def test_what_is_no_letter_is_left_out(installed: Settings) -> None:
    """Somebody may have written into the topic by hand."""
    send(installed, DEAD_POSITIONS_TOPIC, [b"{", b'{"topic_id": "x"}', b"null"])

    assert [] == list_letters(installed)


def test_records_of_unregistered_cameras_are_sent_again_once(installed: Settings) -> None:
    """A record with two such rows goes once, other reasons not at all; a second call finds nothing new."""
    send(installed, DETECTIONS_TOPIC, [b"zero", b"one", b"two"])
    reject(installed, DETECTIONS_TOPIC, "unregistered_camera", Place(1), Place(1, row=1))
    reject(installed, DETECTIONS_TOPIC, "bad_time", Place(2))

    first = replay_letters(installed)
    after_first = raw_values(installed)
    second = replay_letters(installed)

    assert (2, 1, 0) == first
    assert 2 == after_first.count(b"one")
    assert 4 == len(after_first)
    assert ((0, 0, 0), 4) == (second, len(raw_values(installed)))


@pytest.mark.parametrize("most_places", [1, 2, 3, 100])
def test_records_are_sent_again_in_their_order_whatever_is_held(
    installed: Settings, most_places: int
) -> None:
    """Each once, though letters name them in disorder, and what is gone is counted once."""
    send(installed, DETECTIONS_TOPIC, [b"%d" % number for number in range(6)])
    other = UUID(int=7)
    for place in (
        Place(4),
        Place(1),
        Place(5, rows=30),
        Place(1, row=1),
        Place(0),
        Place(4, row=2),
        Place(3),
    ):
        reject(installed, DETECTIONS_TOPIC, "unregistered_camera", place)
        reject(installed, DETECTIONS_TOPIC, "unregistered_camera", place, of=other)

    report = replay_letters(installed, most_places=most_places)

    again = [value for value in raw_values(installed) if value is not None]
    assert (2 * 36, 5, 5) == report
    assert sorted([*(b"%d" % number for number in range(6)), b"0", b"1", b"3", b"4", b"5"]) == sorted(again)
    assert (0, 0, 0) == replay_letters(installed)


def test_replay_holds_few_of_many_letters(installed: Settings) -> None:
    """Its memory does not grow with them; before, 30,000 took 24 MB."""
    send(installed, DETECTIONS_TOPIC, [b"zero"])
    named = topic_id(installed, DETECTIONS_TOPIC).hex
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers, "log_level": 0})
    for number in range(30_000):
        letter = DeadLetter(
            topic_id=named, partition=0, offset=number // 3, index=number % 3, reason="unregistered_camera"
        )
        producer.produce(DEAD_DETECTIONS_TOPIC, msgspec.json.encode(letter), partition=0)
    assert producer.flush(DEADLINE_S) == 0
    tracemalloc.start()

    report = replay_letters(installed, most_places=4_000)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (30_000, 1, 9_999) == report
    assert peak_bytes < MOST_HELD_BYTES


def test_records_are_batched_by_their_bytes() -> None:
    """A tombstone has none, and one that is too large has a batch of its own."""
    values = [b"x" * 500, None, b"x" * 500, b"x" * 9_000, b"", b"x"]

    batches = list(batched_by_bytes(iter(values), most_bytes=1_000))

    assert [values[:3], values[3:4], values[4:]] == batches
    assert [] == list(batched_by_bytes([], most_bytes=1_000))


def test_records_of_a_topic_that_was_made_anew_are_gone(installed: Settings) -> None:
    """Another topic with the same name holds other records."""
    send(installed, DETECTIONS_TOPIC, [b"zero"])
    reject(installed, DETECTIONS_TOPIC, "unregistered_camera", Place(0), of=UUID(int=7))

    assert (1, 0, 1) == replay_letters(installed)
    assert [b"zero"] == raw_values(installed)


def test_without_topics_there_is_nothing_to_tell(settings: Settings) -> None:
    """The remedy is named."""
    with pytest.raises(ConfigError, match="run `duls migrate`"):
        list_letters(settings)
