"""Telling the log of versions: control messages in the outbox, sent to every observation partition."""

import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import msgspec
import structlog

from duls.config import Settings
from sinks.connection import Connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import add_messages, is_empty, relay
from sinks.registry import Versions, installation_id, latest_versions, store_settings
from streams.clients import make_gapless_producer
from streams.observation_headers import control_message
from streams.outbox_sender import OutboxSender
from streams.topics import OBSERVATIONS_TOPIC

log = structlog.get_logger()

SEND_S: Final = 30.0  # until sending is given up; the outbox keeps what was not sent

Announcement = Callable[[int], Sequence[OutboxMessage]]


def announcement(kind: str, installation: UUID, partitions: int) -> Announcement:
    """Return what makes the messages that announce a version, one for each observation partition.

    Args:
        kind: `zones`, `cameras` or `settings`.
        installation: identity of the database.
        partitions: number of observation partitions.
    """

    def messages(version: int) -> list[OutboxMessage]:
        value, headers = control_message(installation.bytes, kind, version)
        return [
            OutboxMessage(OBSERVATIONS_TOPIC, None, value, tuple(headers), partition)
            for partition in range(partitions)
        ]

    return messages


def announce_settings(connection: Connection, settings: Settings, partitions: int) -> None:
    """Tell the log of the settings of figures that a role was started with, where they differ from the newest.

    Rows read from then on are counted under the new ones, in a replay too. So this returns only once the log
    holds them, also where another process, started at the same time, was the one to find the difference.
    """
    before = latest_versions(connection).settings
    document = msgspec.json.encode(settings.figures.document()).decode()
    installation = installation_id(connection)
    version = store_settings(connection, document, announcement("settings", installation, partitions))
    if version != before:
        log.warning("settings of figures have changed and are announced", version=version)
    send_outbox(connection, settings)


def announce_again(connection: Connection, installation: UUID, partitions: int) -> Versions:
    """Put the newest versions into the outbox once more, and return them.

    Repeats are harmless, and whoever reads a new partition, or one whose older messages are gone, needs them.
    """
    with connection.transaction():
        versions = latest_versions(connection)
        for kind, version in versions._asdict().items():
            if version:
                add_messages(connection, announcement(kind, installation, partitions)(version))
    return versions


def send_outbox(connection: Connection, settings: Settings) -> int:
    """Send everything in the outbox to Kafka; return how many messages we sent ourselves.

    What another process is sending is waited for.

    Raises:
        ServiceAwayError: the broker does not take them; they stay in the outbox, for the next time.
    """
    end_s = time.monotonic() + SEND_S
    producer = make_gapless_producer(settings.kafka.bootstrap_servers, settings.kafka.client)
    sender = OutboxSender(producer, should_give_up=lambda: time.monotonic() > end_s)
    sent = 0
    while not is_empty(connection):
        sent += relay(connection, sender.send)
    return sent
