"""Kafka and TimescaleDB as fault tests want them: dead members and killed servers are noticed soon."""

from typing import Final

from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

BROKER_SETTINGS: Final = {
    # members whose process was killed leave after the session timeout of fault tests
    "group.min.session.timeout.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
}


def new_broker() -> KafkaServer:
    """Return a Kafka that notices dead members soon; not started yet."""
    return KafkaServer(settings=BROKER_SETTINGS)


def new_server() -> TimescaleServer:
    """Return a TimescaleDB; not started yet."""
    return TimescaleServer()
