"""The raw topics as roles see them, and where a bounded run ends."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from duls.config import Settings
from duls.errors import ServiceAwayError
from duls.pipelines.intake import SourceTopic
from processors.columns import DecodedDetections, DecodedPositions
from processors.vehicle_table import NEVER_US
from processors.vocabulary import Source
from streams.decode.detection_formats import DetectionFormat
from streams.decode.detections import decode_detections
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    DETECTIONS_TOPIC,
    POSITIONS_TOPIC,
    check_times,
    describe_topic,
)

ANSWER_S: Final = 10.0

Decode = Callable[[Sequence[bytes | None]], DecodedPositions | DecodedDetections]


class Formats(NamedTuple):
    """How the records of the raw topics are written."""

    positions: PositionFormat = PositionFormat.AUTO
    detections: DetectionFormat = DetectionFormat.AUTO


def formats_of(settings: Settings) -> Formats:
    """Return the formats that the settings name."""
    intake = settings.intake
    return Formats(
        PositionFormat[intake.positions_format.upper()], DetectionFormat[intake.detections_format.upper()]
    )


def source_topics(
    admin: AdminClient, *, trust_create_time: bool, formats: Formats | None = None
) -> list[SourceTopic]:
    """Return the raw topics.

    Raises:
        ConfigError: A topic is missing, or its times are stamped by senders and that is not trusted.
    """
    written = formats or Formats()
    raw: Sequence[tuple[str, Source, str, Decode]] = (
        (
            POSITIONS_TOPIC,
            Source.FMS,
            DEAD_POSITIONS_TOPIC,
            partial(decode_positions, format_=written.positions),
        ),
        (
            DETECTIONS_TOPIC,
            Source.ANPR,
            DEAD_DETECTIONS_TOPIC,
            partial(decode_detections, format_=written.detections),
        ),
    )
    found = []
    for name, source, dead_letters, decode in raw:
        info = describe_topic(admin, name)
        check_times(info, trust_create_time=trust_create_time)
        found.append(SourceTopic(name, info.topic_id.bytes, source, info.partitions, dead_letters, decode))
    return found


def topic_ids(sources: Sequence[SourceTopic]) -> dict[str, UUID]:
    """Return the ids of raw topics by name."""
    return {source.name: UUID(bytes=source.topic_id) for source in sources}


class InputEnd(NamedTuple):
    """The input that is present at one moment."""

    offsets: dict[tuple[str, int], int]  # end of each raw partition, by (topic, partition)
    arrival_us: int  # newest arrival in any of them; NEVER_US where the broker cannot say or nothing is there


def input_end(admin: AdminClient, sources: Sequence[SourceTopic]) -> InputEnd:
    """Ask the broker for the end of every raw partition and the newest arrival.

    Raises:
        ServiceAwayError: The broker does not answer.
    """
    partitions = [TopicPartition(s.name, number) for s in sources for number in range(s.partitions)]
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
