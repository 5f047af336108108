"""How the records of the raw topics are decoded, and where their rejected rows go."""

from collections.abc import Iterable
from functools import partial
from typing import Final, NamedTuple

from duls.config import Settings
from duls.pipelines.intake import Decode, SourceTopic
from processors.vocabulary import Source
from streams.decode.detection_formats import DetectionFormat
from streams.decode.detections import read_detections
from streams.decode.position_formats import PositionFormat
from streams.decode.positions import decode_positions
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    DETECTIONS_TOPIC,
    POSITIONS_TOPIC,
    TopicInfo,
)

SOURCES: Final = {POSITIONS_TOPIC: Source.FMS, DETECTIONS_TOPIC: Source.ANPR}
DEAD_LETTERS: Final = {POSITIONS_TOPIC: DEAD_POSITIONS_TOPIC, DETECTIONS_TOPIC: DEAD_DETECTIONS_TOPIC}


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


def source_topics(raw: Iterable[TopicInfo], formats: Formats) -> list[SourceTopic]:
    """Return the raw topics with their decoders."""
    decoders: dict[str, Decode] = {
        POSITIONS_TOPIC: partial(decode_positions, format_=formats.positions),
        DETECTIONS_TOPIC: partial(read_detections, format_=formats.detections),
    }
    return [
        SourceTopic(
            info.name,
            info.topic_id.bytes,
            SOURCES[info.name],
            info.partitions,
            DEAD_LETTERS[info.name],
            decoders[info.name],
        )
        for info in raw
    ]
