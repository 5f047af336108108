"""The topics of the contract: their names and settings, what the broker says of them, and what is refused."""

from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource

from duls.errors import ConfigError, ServiceAwayError

Answer = TypeVar("Answer")

POSITIONS_TOPIC: Final = "duls.fms.position.v1"
DETECTIONS_TOPIC: Final = "duls.anpr.detection.v1"
TRIPS_TOPIC: Final = "duls.otm.trip.v1"
OBSERVATIONS_TOPIC: Final = "duls.observation.v1"
PARTIAL_TOPIC: Final = "duls.zone.partial.v1"
STATE_TOPIC: Final = "duls.zone.state.v1"
ALERT_TOPIC: Final = "duls.zone.alert.v1"
ACTION_TOPIC: Final = "duls.zone.action.v1"
DEAD_POSITIONS_TOPIC: Final = "duls.dlq.fms.position.v1"
DEAD_DETECTIONS_TOPIC: Final = "duls.dlq.anpr.detection.v1"

ANSWER_S: Final = 10.0
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
OBSERVATION_RETENTION_MS: Final = 48 * HOUR_MS
RAW_MESSAGE_BYTES: Final = 2 * 1024 * 1024
OBSERVATION_MESSAGE_BYTES: Final = 1024 * 1024
COMPACTED_SEGMENT_BYTES: Final = 64 * 1024 * 1024
CREATE_TIME: Final = "CreateTime"
APPEND_TIME: Final = "LogAppendTime"

_BROKER_DEFAULTS: Final = {
    "message.timestamp.type": CREATE_TIME,
    "max.message.bytes": str(1024 * 1024 + 12),
    "retention.ms": str(7 * DAY_MS),
    "segment.ms": str(7 * DAY_MS),
    "cleanup.policy": "delete",
}
"""Kafka's own, for a broker that tells only what was set."""


class TopicSpec(NamedTuple):
    """How a topic is made."""

    name: str
    is_shared: bool  # many partitions, so that many processes share the work; else one
    settings: dict[str, str]
    is_counted: bool = False  # more partitions than wanted are refused: vehicles are spread over them


class TopicInfo(NamedTuple):
    """What the broker says of a topic."""

    name: str
    topic_id: UUID
    partitions: int
    timestamp_type: str
    max_message_bytes: int
    retention_ms: int
    segment_ms: int
    cleanup_policy: str

    def setting(self, name: str) -> str:
        """Return a setting as the broker spells it."""
        return str(self[self._fields.index(_FIELD_OF[name])])


_FIELD_OF: Final = {
    "message.timestamp.type": "timestamp_type",
    "max.message.bytes": "max_message_bytes",
    "retention.ms": "retention_ms",
    "segment.ms": "segment_ms",
    "cleanup.policy": "cleanup_policy",
}


def topic_specs(raw_retention_ms: int) -> list[TopicSpec]:
    """Return how every topic of the contract is made.

    Args:
        raw_retention_ms: how long raw records are kept, at most 24 hours.
    """
    raw = _deleted(raw_retention_ms, RAW_MESSAGE_BYTES)
    observations = _deleted(OBSERVATION_RETENTION_MS, OBSERVATION_MESSAGE_BYTES)
    # a segment is open for a week by itself, and goes a week after it is closed
    dead = {"retention.ms": str(7 * DAY_MS), "segment.ms": str(DAY_MS)}
    return [
        TopicSpec(POSITIONS_TOPIC, is_shared=True, settings=raw),
        TopicSpec(DETECTIONS_TOPIC, is_shared=True, settings=raw),
        TopicSpec(TRIPS_TOPIC, is_shared=True, settings=_deleted(8 * DAY_MS, RAW_MESSAGE_BYTES)),
        TopicSpec(OBSERVATIONS_TOPIC, is_shared=True, settings=observations, is_counted=True),
        TopicSpec(PARTIAL_TOPIC, is_shared=False, settings=_compacted("compact")),
        TopicSpec(STATE_TOPIC, is_shared=False, settings=_compacted("compact")),
        TopicSpec(
            ALERT_TOPIC,
            is_shared=False,
            settings={**_compacted("compact,delete"), "retention.ms": str(365 * DAY_MS)},
        ),
        TopicSpec(ACTION_TOPIC, is_shared=False, settings=_deleted(365 * DAY_MS, OBSERVATION_MESSAGE_BYTES)),
        TopicSpec(DEAD_POSITIONS_TOPIC, is_shared=False, settings=dead),
        TopicSpec(DEAD_DETECTIONS_TOPIC, is_shared=False, settings=dead),
    ]


def describe_topic(admin: AdminClient, name: str) -> TopicInfo:
    """Return what the broker says of one topic.

    Raises:
        ConfigError: there is no such topic.
        ServiceAwayError: the broker does not answer.
    """
    info = describe_topics(admin, [name])[name]
    if info is None:
        message = f"topic {name} does not exist: run `duls migrate`, which makes it"
        raise ConfigError(message)
    return info


def describe_topics(admin: AdminClient, names: Sequence[str]) -> dict[str, TopicInfo | None]:
    """Return what the broker says of topics; None where there is no such topic.

    Raises:
        ServiceAwayError: the broker does not answer.
    """
    what = "describe the topics"
    described = admin.describe_topics(TopicCollection(list(names)))
    found = {name: _unless_unknown(admin, future, what) for name, future in described.items()}
    resources = [
        ConfigResource(ConfigResource.Type.TOPIC, name)
        for name, answer in found.items()
        if answer is not None
    ]
    configs = admin.describe_configs(resources) if resources else {}
    settings = {resource.name: _unless_unknown(admin, future, what) for resource, future in configs.items()}
    return {name: _info(name, answer, settings.get(name)) for name, answer in found.items()}


def way_on(name: str) -> str:
    """Return what to do where a topic is not the one that was read under its name."""
    if name == OBSERVATIONS_TOPIC:
        return "put the old topic back, or go on with this one by `duls run aggregate --from-beginning`"
    return f"put the old topic back, or end intake and go on with this one by `duls topics renew {name}`"


def check_times(info: TopicInfo, *, trust_create_time: bool) -> None:
    """Refuse a topic whose times are stamped by senders, unless that is trusted.

    Raises:
        ConfigError: times are stamped by senders.
    """
    if info.timestamp_type != APPEND_TIME and not trust_create_time:
        message = (
            f"topic {info.name} keeps {info.timestamp_type}, so clocks of senders would decide what is late: "
            f"set message.timestamp.type={APPEND_TIME} on it, or DULS_TRUST_CREATE_TIME if all are yours"
        )
        raise ConfigError(message)


def check_message_size(info: TopicInfo, needed_bytes: int) -> None:
    """Refuse a topic that takes only smaller messages than are sent to it.

    Raises:
        ConfigError: messages would be refused, again and again.
    """
    if info.max_message_bytes < needed_bytes:
        message = (
            f"topic {info.name} takes messages of at most {info.max_message_bytes} bytes where "
            f"{needed_bytes} are needed: run `duls migrate`, or raise its max.message.bytes"
        )
        raise ConfigError(message)


def answer_of(admin: AdminClient, future: "Future[Answer]", what: str) -> Answer:
    """Return what the broker answers *admin*; *what* says what was being done.

    When there is no answer, what librdkafka saw is logged: a refused connection, login or certificate.

    Raises:
        ServiceAwayError: the broker does not answer, or refuses.
    """
    try:
        return future.result(ANSWER_S)
    except (KafkaException, FutureTimeoutError) as error:
        admin.poll(0)
        reason = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
        message = f"cannot {what}: {reason}; is the broker running and reachable?"
        raise ServiceAwayError(message) from error


def _unless_unknown(admin: AdminClient, future: "Future[Answer]", what: str) -> Answer | None:
    """Return the answer, or None where the broker knows no such topic."""
    try:
        return answer_of(admin, future, what)
    except ServiceAwayError as error:
        cause = error.__cause__
        unknown = KafkaError.UNKNOWN_TOPIC_OR_PART
        if isinstance(cause, KafkaException) and cause.args[0].code() == unknown:
            return None
        raise


def _info(name: str, description: Any, config: Any) -> TopicInfo | None:
    """Return an answer of the broker as a value."""
    if description is None or config is None:
        return None
    told = {key: entry.value for key, entry in config.items() if entry.value is not None}
    settings = {**_BROKER_DEFAULTS, **told}
    return TopicInfo(
        name=name,
        topic_id=uuid_of(description.topic_id),
        partitions=len(description.partitions),
        timestamp_type=settings["message.timestamp.type"],
        max_message_bytes=int(settings["max.message.bytes"]),
        retention_ms=int(settings["retention.ms"]),
        segment_ms=int(settings["segment.ms"]),
        cleanup_policy=settings["cleanup.policy"],
    )


def uuid_of(topic_id: Any) -> UUID:
    """Return a topic id, which the client gives as two signed halves."""
    mask = (1 << 64) - 1
    high, low = topic_id.get_most_significant_bits() & mask, topic_id.get_least_significant_bits() & mask
    return UUID(int=high << 64 | low)


def _deleted(retention_ms: int, message_bytes: int) -> dict[str, str]:
    """Return settings of a topic that is deleted by age; Kafka deletes closed segments only."""
    return {
        "cleanup.policy": "delete",
        "message.timestamp.type": APPEND_TIME,
        "retention.ms": str(retention_ms),
        "segment.ms": str(retention_ms // 6),
        "max.message.bytes": str(message_bytes),
    }


def _compacted(policy: str) -> dict[str, str]:
    """Return settings of a topic of which the newest message per key counts; short segments compact soon."""
    return {
        "cleanup.policy": policy,
        "segment.ms": str(HOUR_MS),
        "segment.bytes": str(COMPACTED_SEGMENT_BYTES),
        "max.message.bytes": str(OBSERVATION_MESSAGE_BYTES),
    }
