"""The raw topics as roles see them, and where a bounded run ends."""

from concurrent.futures import Future
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from duls.app import raw_topics
from duls.app.raw_topics import input_end
from duls.app.source_topics import Formats, source_topics
from duls.errors import ConfigError, ServiceAwayError
from processors.vocabulary import Source
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC, TopicInfo

LATEST: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client types its own constructors as untyped
NEVER_US = -(1 << 62)


class Told(NamedTuple):
    """What a broker says of the end of a partition."""

    offset: int
    timestamp: int


class FakeAdmin:
    """An admin client that knows ends and newest times of partitions."""

    def __init__(self, ends: dict[int, Told | Exception]) -> None:
        self._ends = ends

    def list_offsets(self, asked: dict[TopicPartition, Any]) -> dict[TopicPartition, Future[Told]]:
        """Answer each partition by itself."""
        answers = {}
        for place, spec in asked.items():
            told = self._ends[place.partition]
            answers[place] = future = Future[Told]()
            if isinstance(told, Exception):
                future.set_exception(told)
            elif type(spec) is type(LATEST):
                future.set_result(Told(told.offset, -1))
            else:
                future.set_result(Told(-1, told.timestamp))
        return answers


def ends_of(ends: dict[int, Told | Exception]) -> raw_topics.InputEnd:
    """Ask for the end of the input."""
    admin: Any = FakeAdmin(ends)
    return input_end(admin, [info("raw", "LogAppendTime")])


def test_the_end_is_every_end_and_the_newest_time() -> None:
    """Over all raw partitions."""
    found = ends_of({0: Told(7, 1_000), 1: Told(9, 3_000)})

    assert ({("raw", 0): 7, ("raw", 1): 9}, 3_000_000) == found


def test_an_empty_input_has_no_newest_time() -> None:
    """Nor does one whose broker cannot say."""
    assert ({("raw", 0): 0, ("raw", 1): 0}, NEVER_US) == ends_of({0: Told(0, -1), 1: Told(0, -1)})


def test_a_broker_that_does_not_answer_is_away() -> None:
    """A bounded run cannot know its bound."""
    with pytest.raises(ServiceAwayError, match="ends of the raw topics"):
        ends_of({0: Told(7, 1_000), 1: KafkaException(KafkaError(KafkaError._TIMED_OUT))})


def test_each_feed_has_its_topic_and_its_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the dead letters that belong to it."""
    monkeypatch.setattr(raw_topics, "describe_topic", lambda _admin, name: info(name, "LogAppendTime"))
    admin: AdminClient = object()  # type: ignore[assignment]  # nobody calls it

    raw = raw_topics.raw_topics(admin, trust_create_time=False)
    positions, detections = source_topics(raw, Formats())

    assert (POSITIONS_TOPIC, Source.FMS, "duls.dlq.fms.position.v1") == (
        positions.name,
        positions.source,
        positions.dead_letters,
    )
    assert (DETECTIONS_TOPIC, Source.ANPR, "duls.dlq.anpr.detection.v1") == (
        detections.name,
        detections.source,
        detections.dead_letters,
    )
    assert {UUID(int=1).bytes} == {positions.topic_id, detections.topic_id}


def test_times_of_senders_are_refused_unless_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their clocks would decide what is late."""
    monkeypatch.setattr(raw_topics, "describe_topic", lambda _admin, name: info(name, "CreateTime"))
    admin: AdminClient = object()  # type: ignore[assignment]  # nobody calls it

    with pytest.raises(ConfigError, match="DULS_TRUST_CREATE_TIME"):
        raw_topics.raw_topics(admin, trust_create_time=False)
    assert 2 == len(raw_topics.raw_topics(admin, trust_create_time=True))


def info(name: str, timestamp_type: str) -> TopicInfo:
    """Return what a broker says of a topic."""
    return TopicInfo(name, UUID(int=1), 2, timestamp_type, 1 << 20, 1, 1, "delete")
