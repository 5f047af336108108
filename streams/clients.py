"""Settings of the Kafka clients that decide results; other properties pass through from the settings file."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from duls.errors import ConfigError
from streams.broker_keeper import BrokerKeeper
from streams.client_library import load_library

Properties = Mapping[str, str | int | float | bool]

LIBRARY_LOG: Final = "librdkafka"
"""The logger that gets what librdkafka says, when its client is polled."""

KEEPER: Final = BrokerKeeper(load_library(), logging.getLogger(LIBRARY_LOG))
"""Looks after every client that is made here."""

CONSUMER_GUARDS: Final[Properties] = {
    # offsets are committed after acknowledgement, or kept in the database
    "enable.auto.commit": False,
    # a missing offset is never a jump: it is recorded as a gap, or refused
    "auto.offset.reset": "error",
    # assignment and release are written for increments
    "partition.assignment.strategy": "cooperative-sticky",
}
"""What figures rest on; properties of the settings file do not change it."""

CONSUMER_SETTINGS: Final[Properties] = {
    # the default of 1000 ms stalls a fast consumer whose queue is full for a moment
    "fetch.queue.backoff.ms": 5,
    # what is fetched ahead stays small, so that it is still in a cache, and its memory is used again, when it is read
    "queued.min.messages": 10_000,
    "queued.max.messages.kbytes": 16_384,
    # of a partition in one answer, where a message is not larger
    "fetch.message.max.bytes": 262_144,
    # a flush may wait for a database that is away
    "max.poll.interval.ms": 600_000,
    "session.timeout.ms": 10_000,
    "heartbeat.interval.ms": 1_000,
    "log_level": 3,
}

PRODUCER_SETTINGS: Final[Properties] = {
    "enable.idempotence": True,
    "enable.gapless.guarantee": True,
    # expired messages are not covered by the gapless guarantee, so none expires
    "message.timeout.ms": 0,
    "linger.ms": 5,
    # observations are narrow, and most of their bytes are pseudonyms
    "compression.type": "none",
    "queue.buffering.max.messages": 100_000,
    "queue.buffering.max.kbytes": 262_144,
    "log_level": 3,  # librdkafka warns that the gapless guarantee is experimental, at every start
}
"""Of the gapless producer; properties of the settings file do not change them."""


class KeptConsumer(Consumer):
    """A consumer that nobody else touches once it is being closed."""

    def close(self) -> None:
        """Close the consumer."""
        KEEPER.release(self)
        super().close()

    def __exit__(self, *error: object) -> bool | None:
        """Close the consumer."""
        KEEPER.release(self)
        return super().__exit__(*error)


class KeptProducer(Producer):
    """A producer that nobody else touches once all is sent and it is being closed."""

    def close(self) -> bool:
        """Send what is queued and close the producer."""
        self.flush()
        KEEPER.release(self)
        return super().close()

    def __exit__(self, *error: object) -> bool | None:
        """Send what is queued and close the producer."""
        self.flush()
        KEEPER.release(self)
        return super().__exit__(*error)


class KeptAdmin(AdminClient):
    """An admin client that nobody else touches once it is being closed."""

    def __exit__(self, *error: object) -> bool | None:
        """Close the client."""
        KEEPER.release(self)
        return super().__exit__(*error)


Client = TypeVar("Client", KeptConsumer, KeptProducer, KeptAdmin)


def make_consumer(
    bootstrap_servers: str, group: str, properties: Properties, *, tells_end: bool = False
) -> Consumer:
    """Return a consumer of a group that commits nothing by itself.

    Args:
        bootstrap_servers: Of the broker.
        group: Name of the group.
        properties: From the settings file; they go before CONSUMER_SETTINGS, not before CONSUMER_GUARDS.
        tells_end: Give the error _PARTITION_EOF at the end of each partition.
    """
    return make_client(
        KeptConsumer,
        {
            **CONSUMER_SETTINGS,
            **properties,
            **CONSUMER_GUARDS,
            "enable.partition.eof": tells_end,
            "bootstrap.servers": bootstrap_servers,
            "group.id": group,
        },
    )


def make_gapless_producer(bootstrap_servers: str, properties: Properties) -> Producer:
    """Return the idempotent producer of intake."""
    return make_client(
        KeptProducer, {**properties, **PRODUCER_SETTINGS, "bootstrap.servers": bootstrap_servers}
    )


def make_producer(bootstrap_servers: str, properties: Properties) -> Producer:
    """Return a producer for messages that may be repeated or overtaken by newer ones."""
    own: Properties = {"linger.ms": 5, "log_level": 3}
    return make_client(KeptProducer, {**own, **properties, "bootstrap.servers": bootstrap_servers})


def make_alert_producer(bootstrap_servers: str, properties: Properties, *, lease_s: float) -> Producer:
    """Return the producer of the topic of alerts: in order, and nothing is sent after a lease is over.

    A process that slept while another took its zones over must not send then what it meant to send before.
    """
    own: Properties = {
        "linger.ms": 0,
        "log_level": 3,
        "enable.idempotence": True,
        "message.timeout.ms": max(500, round(lease_s * 500)),
    }
    return make_client(KeptProducer, {**properties, **own, "bootstrap.servers": bootstrap_servers})


def make_deed_producer(bootstrap_servers: str, properties: Properties, *, timeout_s: float) -> Producer:
    """Return the producer of what operators do: each message arrives within *timeout_s* or never."""
    own: Properties = {
        "linger.ms": 0,
        "log_level": 3,
        "enable.idempotence": True,
        "message.timeout.ms": round(timeout_s * 1_000),
    }
    return make_client(KeptProducer, {**properties, **own, "bootstrap.servers": bootstrap_servers})


def make_upload_producer(bootstrap_servers: str, properties: Properties) -> Producer:
    """Return the producer of uploads, which tells soon when the broker does not take one; its sender tries again."""
    own: Properties = {
        "acks": "all",
        "linger.ms": 5,
        "compression.type": "lz4",
        "message.timeout.ms": 15_000,
        "queue.buffering.max.messages": 100_000,
        "queue.buffering.max.kbytes": 262_144,
        "log_level": 3,
    }
    return make_client(KeptProducer, {**own, **properties, "bootstrap.servers": bootstrap_servers})


def make_admin(bootstrap_servers: str, properties: Properties) -> AdminClient:
    """Return an admin client."""
    return make_client(KeptAdmin, {"log_level": 3, **properties, "bootstrap.servers": bootstrap_servers})


def make_client(kind: Callable[..., Client], properties: Properties) -> Client:
    """Return a client with *properties* that logs to LIBRARY_LOG and is looked after.

    Raises:
        ConfigError: librdkafka does not know a property, or not such a value.
    """
    try:
        client = kind(dict(properties), logger=logging.getLogger(LIBRARY_LOG))
    except KafkaException as error:
        message = (
            f"librdkafka refuses a property of [kafka.client] (DULS_KAFKA_CLIENT): {error.args[0].str()}"
        )
        raise ConfigError(message) from error
    KEEPER.keep(client, str(properties.get("bootstrap.servers", "")))
    return client
