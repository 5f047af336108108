"""Topics are made as the contract says, brought back to it, and refused where figures would suffer."""

import uuid
from collections.abc import Iterator, Sequence

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from duls.errors import ConfigError, ServiceAwayError
from streams.embedded_broker import EmbeddedBroker
from streams.topic_making import Wishes, ensure_topics
from streams.topics import (
    APPEND_TIME,
    CREATE_TIME,
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    OBSERVATIONS_TOPIC,
    POSITIONS_TOPIC,
    TopicInfo,
    TopicSpec,
    check_message_size,
    check_times,
    describe_topic,
    describe_topics,
    topic_specs,
)
from tests.faults.waiting import wait_until
from tests.services.external import Broker

HOUR_MS = 3_600_000
DEADLINE_S = 20.0


def info(**changes: object) -> TopicInfo:
    """Return what a broker may say of a topic, with changes."""
    usual = TopicInfo("t", uuid.uuid4(), 1, APPEND_TIME, 1_000, HOUR_MS, HOUR_MS, "delete")
    return usual._replace(**changes)  # type: ignore[arg-type]  # fields of several types


@pytest.fixture(scope="module")
def embedded() -> Iterator[AdminClient]:
    """Ask the demo's broker."""
    with EmbeddedBroker() as broker:
        yield AdminClient({"bootstrap.servers": broker.bootstrap_servers})


def test_raw_records_are_kept_for_an_hour_in_six_segments() -> None:
    """Kafka deletes closed segments only, so a segment is a sixth of the retention."""
    specs = {spec.name: spec.settings for spec in topic_specs(HOUR_MS)}

    assert (str(HOUR_MS), str(HOUR_MS // 6)) == (
        specs[POSITIONS_TOPIC]["retention.ms"],
        specs[POSITIONS_TOPIC]["segment.ms"],
    )
    assert str(48 * HOUR_MS) == specs[OBSERVATIONS_TOPIC]["retention.ms"]


@pytest.mark.parametrize("name", [DEAD_POSITIONS_TOPIC, DEAD_DETECTIONS_TOPIC])
def test_dead_letters_go_soon_after_a_week(name: str) -> None:
    """A segment that stays open for a week would keep its first one for two."""
    settings = next(spec.settings for spec in topic_specs(HOUR_MS) if spec.name == name)

    assert (str(7 * 24 * HOUR_MS), str(24 * HOUR_MS)) == (settings["retention.ms"], settings["segment.ms"])


def test_times_of_senders_are_refused_unless_trusted() -> None:
    """A sender's clock must not decide what is late."""
    check_times(info(), trust_create_time=False)
    check_times(info(timestamp_type=CREATE_TIME), trust_create_time=True)

    with pytest.raises(ConfigError, match="DULS_TRUST_CREATE_TIME"):
        check_times(info(timestamp_type=CREATE_TIME), trust_create_time=False)


def test_a_topic_for_small_messages_is_refused() -> None:
    """What cannot be sent once cannot be sent ever."""
    check_message_size(info(), 1_000)

    with pytest.raises(ConfigError, match="at most 1000 bytes where 1001"):
        check_message_size(info(), 1_001)


def test_the_demo_gets_its_topics_and_a_repeat_changes_nothing(embedded: AdminClient) -> None:
    """The embedded broker takes the same settings."""
    wishes = Wishes(topic_specs(HOUR_MS), partitions=2, trust_create_time=True)

    first, second = ensure_topics(embedded, wishes), ensure_topics(embedded, wishes)

    assert {"made"} == {change.action for change in first}
    assert {"kept"} == {change.action for change in second}
    assert describe_topic(embedded, POSITIONS_TOPIC).partitions == 2


def test_a_missing_topic_is_named_with_its_remedy(embedded: AdminClient) -> None:
    """Whoever starts a role before migrating is told so."""
    with pytest.raises(ConfigError, match=r"topic duls\.nowhere does not exist: run `duls migrate`"):
        describe_topic(embedded, "duls.nowhere")


def test_a_broker_that_is_away_is_a_service_away() -> None:
    """Nobody listens there."""
    admin = AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0, "socket.timeout.ms": 500})

    with pytest.raises(ServiceAwayError, match="is the broker running"):
        describe_topic(admin, "t")


@pytest.mark.services
class TestRealKafka:
    """What only a real broker can show."""

    @pytest.fixture
    def admin(self, kafka: Broker) -> AdminClient:
        """Ask the real broker."""
        return AdminClient({"bootstrap.servers": kafka.bootstrap_servers})

    @pytest.fixture
    def specs(self) -> list[TopicSpec]:
        """Return the topics under names of this test."""
        prefix = f"t{uuid.uuid4().hex}."
        return [spec._replace(name=prefix + spec.name) for spec in topic_specs(HOUR_MS)]

    def test_topics_are_made_as_specified(self, admin: AdminClient, specs: list[TopicSpec]) -> None:
        """Every setting that the broker tells of is the one asked for."""
        ensure_topics(admin, Wishes(specs, partitions=3))

        told = {spec.name: describe_topic(admin, spec.name) for spec in specs}
        assert {3 if spec.is_shared else 1 for spec in specs} == {found.partitions for found in told.values()}
        for spec in specs:
            known = {name: value for name, value in spec.settings.items() if name != "segment.bytes"}
            assert known == {name: told[spec.name].setting(name) for name in known}

    def test_settings_that_drifted_are_brought_back(self, admin: AdminClient, specs: list[TopicSpec]) -> None:
        """Partitions are added and retention is set again; the change is told."""
        drifted = {"message.timestamp.type": APPEND_TIME, "retention.ms": "86400001"}
        name = specs[0].name
        admin.create_topics([NewTopic(name, 2, 1, config=drifted)])[name].result(DEADLINE_S)

        change = ensure_topics(admin, Wishes(specs, partitions=4))[0]

        assert change.action == "changed"
        assert "partitions 2 → 4, retention.ms 86400001 → 3600000" in change.detail.replace(
            "cleanup.policy delete → delete, ", ""
        )
        assert (4, HOUR_MS) == (
            describe_topic(admin, name).partitions,
            describe_topic(admin, name).retention_ms,
        )

    def test_a_topic_that_the_broker_did_not_tell_of_yet_is_changed_too(
        self, admin: AdminClient, specs: list[TopicSpec], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another process made it a moment ago, with fewer partitions."""
        name = specs[0].name
        admin.create_topics([NewTopic(name, 2, 1, config=specs[0].settings)])[name].result(DEADLINE_S)
        asked: list[list[str]] = []

        def late(admin: AdminClient, names: Sequence[str]) -> dict[str, TopicInfo | None]:
            asked.append(list(names))
            return {name: None} if len(asked) == 1 else describe_topics(admin, names)

        monkeypatch.setattr("streams.topic_making.describe_topics", late)
        change = ensure_topics(admin, Wishes(specs[:1], partitions=4))[0]

        assert ("changed", "partitions 2 → 4") == (change.action, change.detail)
        assert 4 == describe_topic(admin, name).partitions

    def test_one_refusal_leaves_everything_as_it_is(self, admin: AdminClient, specs: list[TopicSpec]) -> None:
        """A topic with times of senders stops the work before it begins."""
        name = specs[-3].name
        refused = specs[0]._replace(name=name)
        admin.create_topics([NewTopic(name, 1, 1)])[name].result(DEADLINE_S)
        # a broker may make a topic before it tells of it; one that nobody knows of cannot stop anything
        wait_until(
            lambda: describe_topics(admin, [name])[name], "the topic is told of", deadline_s=DEADLINE_S
        )

        with pytest.raises(ConfigError, match="keeps CreateTime"):
            ensure_topics(admin, Wishes([*specs[1:3], refused], partitions=1))
        with pytest.raises(ConfigError, match="does not exist"):
            describe_topic(admin, specs[1].name)

    def test_partitions_are_never_taken_away(self, admin: AdminClient, specs: list[TopicSpec]) -> None:
        """The observation topic keeps its partitions, for vehicles are spread over them."""
        observations = [spec for spec in specs if spec.is_counted]
        ensure_topics(admin, Wishes(observations, partitions=4))

        with pytest.raises(ConfigError, match="set it to 4"):
            ensure_topics(admin, Wishes(observations, partitions=3))

    def test_a_replication_that_cannot_be_is_a_setting(
        self, admin: AdminClient, specs: list[TopicSpec]
    ) -> None:
        """The message is the broker's, the exit code that of settings."""
        with pytest.raises(ConfigError, match="cannot be made"):
            ensure_topics(admin, Wishes(specs[:1], partitions=1, replication_factor=3))
