"""Services that fault tests may stop, and installations on them."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.installation import Installation, delete_topics
from tests.faults.servers import new_broker, new_server
from tests.faults.unit_events import VARIABLES, EventWorld, squares_cameras, squares_geojson, world_at
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

NewInstallation = Callable[..., Installation]


@pytest.fixture(scope="session")
def broker() -> Iterator[KafkaServer]:
    """Run a Kafka that tests may kill."""
    with new_broker() as server:
        yield server


@pytest.fixture(scope="session")
def server() -> Iterator[TimescaleServer]:
    """Run a TimescaleDB that tests may kill."""
    with new_server() as running:
        yield running


@pytest.fixture
def new_installation(
    broker: KafkaServer, server: TimescaleServer, tmp_path: Path
) -> Iterator[NewInstallation]:
    """Give what makes installations on topics of this test alone; their processes end with it."""
    delete_topics(broker.bootstrap_servers)
    made: list[Installation] = []
    numbers = itertools.count()

    def make(variables: Mapping[str, str] | None = None) -> Installation:
        """Make an installation with settings of its own."""
        folder = tmp_path / f"installation-{next(numbers)}"
        installation = Installation(broker.bootstrap_servers, server.url, folder, variables)
        made.append(installation)
        return installation

    yield make
    for installation in made:
        installation.end()


@pytest.fixture
def squares(new_installation: NewInstallation) -> Installation:
    """Give an installation whose zones and cameras tell events apart."""
    installation = new_installation(VARIABLES)
    installation.prepare(squares_geojson(), squares_cameras())
    return installation


@pytest.fixture
def events(squares: Installation) -> EventWorld:
    """Give the events of this test."""
    return world_at(time.time_ns() // 1_000, squares.partitions)
