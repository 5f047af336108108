"""The raw topics as roles see them, and where a bounded run ends."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from duls.errors import ServiceAwayError
from processors.vehicle_table import NEVER_US
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC, TopicInfo, check_times, describe_topic

ANSWER_S: Final = 10.0


def raw_topics(admin: AdminClient, *, trust_create_time: bool) -> list[TopicInfo]:
    """Return the raw topics: positions, then detections.

    Raises:
        ConfigError: A topic is missing, or its times are stamped by senders and that is not trusted.
    """
    found = [describe_topic(admin, name) for name in (POSITIONS_TOPIC, DETECTIONS_TOPIC)]
    for info in found:
        check_times(info, trust_create_time=trust_create_time)
    return found


class InputEnd(NamedTuple):
    """The input that is present at one moment."""

    offsets: dict[tuple[str, int], int]  # end of each raw partition, by (topic, partition)
    arrival_us: int  # newest arrival in any of them; NEVER_US where the broker cannot say or nothing is there


def input_end(admin: AdminClient, topics: Sequence[TopicInfo]) -> InputEnd:
    """Ask the broker for the end of every raw partition and the newest arrival.

    Raises:
        ServiceAwayError: The broker does not answer.
    """
    partitions = [TopicPartition(raw.name, number) for raw in topics for number in range(raw.partitions)]
    try:
        # the client types its own constructors as untyped
        end, last = OffsetSpec.latest(), OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]  # see above
        latest = admin.list_offsets(dict.fromkeys(partitions, end))
        newest = admin.list_offsets(dict.fromkeys(partitions, last))
        offsets = {(tp.topic, tp.partition): latest[tp].result(ANSWER_S).offset for tp in partitions}
        newest_ms = max(newest[tp].result(ANSWER_S).timestamp for tp in partitions)
    except KafkaException as error:
        message = f"the broker did not tell the ends of the raw topics: {error}"
        raise ServiceAwayError(message) from error
    return InputEnd(offsets, newest_ms * 1_000 if newest_ms >= 0 else NEVER_US)
