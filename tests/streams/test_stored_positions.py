"""Committed offsets of intake seen from outside: the topic that they speak of, and beginnings anew."""

from uuid import UUID

import pytest
from confluent_kafka import KafkaError, TopicPartition

from duls.errors import ServiceAwayError
from processors.vehicle_table import NEVER_US
from streams.raw_batch import PartitionPosition
from streams.source_positions import PositionMetadata
from streams.stored_positions import commit_beginnings, committed_topics
from tests.streams.client_fakes import FakeConsumer

RAW = "raw"
OLD, NEW = UUID(int=1), UUID(int=2)


def committed(reader: FakeConsumer, number: int, offset: int, topic_id: UUID) -> None:
    """Let the group have committed an offset."""
    metadata = PositionMetadata.of(topic_id.bytes, PartitionPosition(offset, 7, 5)).encode()
    reader.stored[RAW, number] = TopicPartition(RAW, number, offset, metadata=metadata)


def test_each_partition_tells_the_topic_that_its_offset_speaks_of() -> None:
    """One without an offset tells nothing."""
    reader = FakeConsumer()
    committed(reader, 0, 9, OLD)
    committed(reader, 2, 4, NEW)

    assert {0: OLD, 2: NEW} == committed_topics(reader, RAW, 3)  # type: ignore[arg-type]  # the fake has what is used


def test_partitions_begin_anew_at_their_oldest_record() -> None:
    """Under the id of the topic, without an arrival; others stay."""
    reader = FakeConsumer()
    committed(reader, 0, 9, OLD)
    committed(reader, 1, 4, NEW)
    reader.bounds[RAW, 0] = (3, 20)

    commit_beginnings(reader, RAW, NEW, [0])  # type: ignore[arg-type]  # as above

    begun = reader.stored[RAW, 0]
    assert 3 == begun.offset
    assert PositionMetadata(NEW.hex, NEVER_US, NEVER_US).encode() == begun.metadata
    assert 4 == reader.stored[RAW, 1].offset


def test_a_group_that_refuses_is_told() -> None:
    """It has members by now."""
    reader = FakeConsumer()
    reader.commit_error = KafkaError(KafkaError.UNKNOWN_MEMBER_ID)

    with pytest.raises(ServiceAwayError, match="does intake run"):
        commit_beginnings(reader, RAW, NEW, [0])  # type: ignore[arg-type]  # as above
