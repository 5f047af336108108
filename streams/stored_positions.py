"""Committed offsets of intake from outside its group: which topic they speak of, and their beginning anew."""

from uuid import UUID

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from duls.errors import ServiceAwayError
from processors.vehicle_table import NEVER_US
from streams.raw_batch import PartitionPosition
from streams.source_positions import PositionMetadata
from streams.topic_reader import bounds, committed_places


def committed_topics(reader: Consumer, topic: str, partitions: int) -> dict[int, UUID]:
    """Return the id of the topic that the committed offset of each partition speaks of, where it speaks of any.

    Args:
        reader: made by `make_reader` for the group of intake.
        topic: its name.
        partitions: how many it has.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    return {
        place.partition: UUID(hex=msgspec.json.decode(place.metadata, type=PositionMetadata).topic_id)
        for place in committed_places(reader, topic, partitions)
        if place.metadata
    }


def commit_beginnings(reader: Consumer, topic: str, topic_id: UUID, numbers: list[int]) -> None:
    """Let intake read partitions from their oldest record, as partitions of a topic with an id.

    Args:
        reader: made by `make_reader` for the group of intake, which must have no member.
        topic: its name.
        topic_id: its id.
        numbers: the partitions.

    Raises:
        ServiceAwayError: the broker does not answer, or the group has members by now.
    """
    found = bounds(reader, topic, max(numbers, default=-1) + 1)
    offsets = []
    for number in numbers:
        position = PartitionPosition(found[number][0], NEVER_US, NEVER_US)
        metadata = PositionMetadata.of(topic_id.bytes, position).encode()
        offsets.append(TopicPartition(topic, number, position.next_offset, metadata=metadata))
    if not offsets:
        return
    try:
        answers = reader.commit(offsets=offsets, asynchronous=False)
        refused = [answer.error for answer in answers if answer.error is not None]
    except KafkaException as error:
        refused = [error.args[0]]
    if refused:
        text = f"the offsets of topic {topic} cannot be committed: {refused[0].str()}; does intake run?"
        raise ServiceAwayError(text)
