"""Services that somebody else runs, named by DULS_TEST_KAFKA and DULS_TEST_DATABASE."""

import os
from typing import NamedTuple, Protocol

from sinks.embedded_database import create_database
from tests.services.fetch import kafka_obstacle, timescale_obstacle

KAFKA_VARIABLE = "DULS_TEST_KAFKA"  # bootstrap servers
DATABASE_VARIABLE = "DULS_TEST_DATABASE"  # libpq URL of a user that may create databases


class Broker(Protocol):
    """What every Kafka for tests offers; only our own can be stopped and killed."""

    @property
    def bootstrap_servers(self) -> str:
        """Name the broker's address."""


class Database(Protocol):
    """What every database server for tests offers; only our own can be stopped and killed."""

    url: str

    def create_database(self, name: str) -> str:
        """Create an empty database; return its libpq URL."""


class ExternalKafka(NamedTuple):
    """A broker that we did not start."""

    bootstrap_servers: str


class ExternalDatabase:
    """A database server that we did not start."""

    def __init__(self, url: str) -> None:
        self.url = url

    def create_database(self, name: str) -> str:
        """Create an empty database; return its libpq URL."""
        return create_database(self.url, name)


def external_kafka() -> ExternalKafka | None:
    """Return the broker that the environment names, if any."""
    servers = os.environ.get(KAFKA_VARIABLE)
    return ExternalKafka(servers) if servers else None


def external_database() -> ExternalDatabase | None:
    """Return the database server that the environment names, if any."""
    url = os.environ.get(DATABASE_VARIABLE)
    return ExternalDatabase(url) if url else None


def obstacle() -> str | None:
    """Say in one line why tests with real services cannot run here; None when they can."""
    reasons = []
    if external_kafka() is None and (reason := kafka_obstacle()):
        reasons.append(f"{reason}, or {KAFKA_VARIABLE}")
    if external_database() is None and (reason := timescale_obstacle()):
        reasons.append(f"{reason}, or {DATABASE_VARIABLE}")
    return "; ".join(reasons) or None
