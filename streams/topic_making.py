"""Making topics, and bringing those that are there to the settings of the contract."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from confluent_kafka.cimpl import NewPartitions, NewTopic

from duls.errors import ConfigError, ServiceAwayError
from streams.topics import (
    ANSWER_S,
    APPEND_TIME,
    TopicInfo,
    TopicSpec,
    answer_of,
    check_times,
    describe_topics,
)

APPEAR_S: Final = 20.0  # until every broker knows a new topic
POLL_S: Final = 0.1

Sleep = Callable[[float], None]


class TopicChange(NamedTuple):
    """What was done about one topic."""

    name: str
    action: str  # made, changed, kept
    detail: str


class Wishes(NamedTuple):
    """What the installation wants of its topics."""

    specs: Sequence[TopicSpec]
    partitions: int
    replication_factor: int | None = None  # the broker's default when None
    trust_create_time: bool = False


def ensure_topics(admin: AdminClient, wishes: Wishes, *, sleep: Sleep = time.sleep) -> list[TopicChange]:
    """Make the topics that are missing and bring the others to their settings; repeats change nothing.

    Nothing is touched when one of them must be refused.

    Raises:
        ConfigError: senders stamp the times of a topic, or it has more partitions than wanted.
        ServiceAwayError: the broker does not answer.
    """
    names = [spec.name for spec in wishes.specs]
    found = describe_topics(admin, names)
    for spec in wishes.specs:
        _check(spec, found[spec.name], wishes)
    changes = [_ensured(admin, spec, found[spec.name], wishes, sleep) for spec in wishes.specs]
    _await_all(admin, wishes, sleep)
    return changes


def _check(spec: TopicSpec, info: TopicInfo | None, wishes: Wishes) -> None:
    """Refuse a topic that cannot be brought to what is wanted."""
    if info is None:
        return
    if spec.settings.get("message.timestamp.type") == APPEND_TIME:
        check_times(info, trust_create_time=wishes.trust_create_time)
    if spec.is_counted and info.partitions > wishes.partitions:
        message = (
            f"topic {spec.name} has {info.partitions} partitions and DULS_PARTITIONS is {wishes.partitions}: "
            f"Kafka never takes partitions away, so set it to {info.partitions}"
        )
        raise ConfigError(message)


def _ensured(
    admin: AdminClient, spec: TopicSpec, info: TopicInfo | None, wishes: Wishes, sleep: Sleep
) -> TopicChange:
    """Make or change one topic."""
    wanted = _partitions(spec, wishes)
    if info is None:
        if _make(admin, spec, wishes):
            return TopicChange(spec.name, "made", f"partitions {wanted}")
        # another process was faster, perhaps with other settings
        info = _await_one(admin, spec.name, sleep)
        _check(spec, info, wishes)
    details = []
    if info.partitions < wanted:
        added = admin.create_partitions([NewPartitions(spec.name, wanted)])[spec.name]
        answer_of(admin, added, f"add partitions to topic {spec.name}")
        details.append(f"partitions {info.partitions} → {wanted}")
    differing = _differing(spec, info)
    if differing:
        _alter(admin, spec, differing)
        details += [f"{name} {info.setting(name)} → {value}" for name, value in differing.items()]
    return TopicChange(spec.name, "changed" if details else "kept", ", ".join(details))


def _partitions(spec: TopicSpec, wishes: Wishes) -> int:
    """Return how many partitions a topic should have."""
    return wishes.partitions if spec.is_shared else 1


def _differing(spec: TopicSpec, info: TopicInfo) -> dict[str, str]:
    """Return the settings that the broker tells of otherwise; times that are trusted stay as they are."""
    compared = {"retention.ms", "segment.ms", "max.message.bytes", "cleanup.policy"}
    wanted = {name: value for name, value in spec.settings.items() if name in compared}
    return {name: value for name, value in wanted.items() if info.setting(name) != value}


def _make(admin: AdminClient, spec: TopicSpec, wishes: Wishes) -> bool:
    """Make one topic; return whether it was made here, for it may be there although the broker did not tell yet."""
    topic = NewTopic(
        spec.name,
        num_partitions=_partitions(spec, wishes),
        replication_factor=-1 if wishes.replication_factor is None else wishes.replication_factor,
        config=spec.settings,
    )
    made = admin.create_topics([topic])[spec.name]
    try:
        made.result(ANSWER_S)
    except KafkaException as error:
        code = error.args[0].code()
        if code in {
            KafkaError.INVALID_REPLICATION_FACTOR,
            KafkaError.POLICY_VIOLATION,
            KafkaError.INVALID_CONFIG,
        }:
            message = f"topic {spec.name} cannot be made: {error.args[0].str()}"
            raise ConfigError(message) from error
        if code == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        answer_of(admin, made, f"make topic {spec.name}")
    return True


def _alter(admin: AdminClient, spec: TopicSpec, differing: dict[str, str]) -> None:
    """Set settings of a topic, leaving its others alone."""
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        for name, value in differing.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, spec.name, incremental_configs=entries)
    altered = admin.incremental_alter_configs([resource])[resource]
    answer_of(admin, altered, f"change the settings of topic {spec.name}")


def _await_one(admin: AdminClient, name: str, sleep: Sleep) -> TopicInfo:
    """Wait until the broker tells of a topic that is there."""
    for _ in range(round(APPEAR_S / POLL_S)):
        info = describe_topics(admin, [name])[name]
        if info is not None:
            return info
        sleep(POLL_S)
    message = f"topic {name} is there but the broker does not tell of it; try again"
    raise ServiceAwayError(message)


def _await_all(admin: AdminClient, wishes: Wishes, sleep: Sleep) -> None:
    """Wait until the broker tells of every topic with all of its partitions."""
    names = [spec.name for spec in wishes.specs]
    missing = names
    for _ in range(round(APPEAR_S / POLL_S)):
        found = describe_topics(admin, names)
        missing = [
            spec.name
            for spec in wishes.specs
            if (info := found[spec.name]) is None or info.partitions < _partitions(spec, wishes)
        ]
        if not missing:
            return
        sleep(POLL_S)
    message = f"topics {', '.join(missing)} were made but the broker does not tell of them; try again"
    raise ServiceAwayError(message)
