"""`duls topics renew`: a steward says that a raw topic is another one now, and that DULS goes on with that.

The ids of topics keep what was read of one from being taken for what another holds. What says so is changed here, in
an order that can be broken off anywhere and begun again: first every observation partition is told that the old topic
is over, then the offsets of intake begin anew, and last the rows of the days name the new one. Until these do, intake
refuses to start; so nothing of the new topic is in the log before the end of the old one.
"""

import secrets
import time
from typing import Final, NamedTuple
from uuid import UUID

import structlog

from duls.app.intake_role import intake_group
from duls.app.source_topics import SOURCES
from duls.config import Settings
from duls.errors import ConfigError, RefusedError
from sinks.connection import open_connection
from sinks.flow_store import FlowStore
from sinks.flush_parts import OutboxMessage
from sinks.keys import KeyStore, require_keys
from sinks.master_key import MASTER_KEY_BYTES
from sinks.migrate import require_current
from sinks.patience import Patience
from sinks.registry import installation_id
from streams.clients import make_admin, make_gapless_producer
from streams.groups import members_of
from streams.observation_headers import topic_end_message
from streams.outbox_sender import OutboxSender
from streams.stored_positions import commit_beginnings, committed_topics
from streams.topic_reader import make_reader
from streams.topics import OBSERVATIONS_TOPIC, TopicInfo, check_times, describe_topic, way_on

ANSWER_S: Final = 5.0  # of the databases
SEND_S: Final = 30.0  # until sending is given up

log = structlog.get_logger()


class CountedTo(NamedTuple):
    """How far the figures have a partition of a topic that is over, by the last flush."""

    topic_id: UUID
    partition: int
    offset: int


class RenewalReport(NamedTuple):
    """What became of a topic."""

    topic: str
    topic_id: UUID
    over: list[UUID]  # topics that had its name; none where it is the one that was read before
    days: int  # whose rows named one of them
    counted_to: list[CountedTo]


def renew_topic(settings: Settings, name: str) -> RenewalReport:
    """Go on with the raw topic that has a name now, from its oldest record; repeating it changes nothing.

    Raises:
        ConfigError: no raw topic has this name, or it cannot be used as it is.
        RefusedError: intake runs.
        ServiceAwayError: the broker or a database does not answer; say it again.
    """
    _require_raw(name)
    require_current(settings.database_url)
    require_keys(settings.keys_url)
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    topic, observations = describe_topic(admin, name), describe_topic(admin, OBSERVATIONS_TOPIC)
    check_times(topic, trust_create_time=settings.kafka.trust_create_time)
    with open_connection(settings.database_url, application_name="duls topics") as connection:
        installation = installation_id(connection)
    group = intake_group(installation)
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client, group)
    days = _days(settings)
    try:
        committed = committed_topics(reader, name, topic.partitions)
        known = {*committed.values(), *(topic_id for named, topic_id in days.sources() if named == name)}
        over = sorted(known - {topic.topic_id})
        if not over:
            return RenewalReport(name, topic.topic_id, [], 0, [])
        _refuse_intake(name, members_of(admin, group))
        counted = _counted_to(settings, observations, topic, over)
        _tell_ends(settings, installation, observations.partitions, over, SOURCES[name])
        strange = [number for number, topic_id in committed.items() if topic_id != topic.topic_id]
        commit_beginnings(reader, name, topic.topic_id, strange)
        renewed = days.renew_source(name, topic.topic_id)
    finally:
        days.close()
        reader.close()
    for place in counted:
        log.warning(
            "a raw topic is over; what it held from here on and nobody had read is lost",
            topic=name,
            topic_id=place.topic_id.hex,
            partition=place.partition,
            offset=place.offset,
        )
    return RenewalReport(name, topic.topic_id, over, renewed, counted)


def _require_raw(name: str) -> None:
    """Refuse the name of a topic that intake does not read."""
    if name == OBSERVATIONS_TOPIC:
        message = f"topic {name} is no raw topic; where it was made anew: {way_on(name)}"
        raise ConfigError(message)
    if name not in SOURCES:
        message = f"a raw topic must be one of {', '.join(SOURCES)}, got {name!r}"
        raise ConfigError(message)


def _refuse_intake(name: str, members: int) -> None:
    """Refuse while intake runs: each of its processes holds the ids that it began with."""
    if members:
        message = (
            f"topic {name} is another one now, and intake still runs (members of its group: {members}): end it, "
            "and where it was killed wait until its session is over, then say this again"
        )
        raise RefusedError(message)


def _days(settings: Settings) -> KeyStore:
    """Return the rows of the days; no key is read."""
    return KeyStore(
        settings.keys_url,
        bytes(MASTER_KEY_BYTES),
        reader="duls topics",
        random_bytes=secrets.token_bytes,
        patience=Patience(ANSWER_S),
    )


def _counted_to(
    settings: Settings, observations: TopicInfo, topic: TopicInfo, over: list[UUID]
) -> list[CountedTo]:
    """Return how far the figures have the topics that are over, in as many partitions as the new one has."""
    with FlowStore(settings.database_url, patience=Patience(ANSWER_S)) as store:
        found = [
            (topic_id, number, store.counted_to(observations.topic_id, topic_id.bytes, number))
            for topic_id in over
            for number in range(topic.partitions)
        ]
    return [CountedTo(topic_id, number, offset) for topic_id, number, offset in found if offset is not None]


def _tell_ends(
    settings: Settings, installation: UUID, partitions: int, over: list[UUID], source: int
) -> None:
    """Tell every observation partition that topics are over; return once the broker has it.

    Not by the outbox: what is left there is sent by anybody, also after a steward has thought better of it.
    """
    end_s = time.monotonic() + SEND_S
    producer = make_gapless_producer(settings.kafka.bootstrap_servers, settings.kafka.client)
    messages = []
    for topic_id in over:
        value, headers = topic_end_message(installation.bytes, topic_id.bytes, source)
        messages += [
            OutboxMessage(OBSERVATIONS_TOPIC, None, value, tuple(headers), partition)
            for partition in range(partitions)
        ]
    OutboxSender(producer, should_give_up=lambda: time.monotonic() > end_s).send(messages)
