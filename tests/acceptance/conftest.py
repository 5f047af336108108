"""One morning of a city in one Kafka, its figures by the oracle, and installations that read it."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest

from naive import Settings
from processors.simulation.city_files import cameras_csv, zones_geojson
from tests.acceptance.city_input import MILLION, CityInput, build_city, morning
from tests.faults.fault_run import new_random
from tests.faults.figures_table import table_texts
from tests.faults.installation import Installation
from tests.faults.progress import has_all
from tests.faults.raw_oracle import Expected, expect, rows_of
from tests.faults.raw_topics import TOPICS, Ends, ends, read_back, send
from tests.faults.servers import new_broker, new_server
from tests.faults.waiting import measured_s, wait_until
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

PARTITIONS = 8
REORDER_US = 5_000_000
LATENESS_S = 10_800
VARIABLES = {
    "DULS_PARTITIONS": str(PARTITIONS),
    # a morning that began before midnight must not end in the middle of the test
    "DULS_ALLOWED_LATENESS_S": str(LATENESS_S),
}
DRAINED_S = 300.0

NewInstallation = Callable[..., Installation]


class CityLog(NamedTuple):
    """What is in the raw topics, and what must be in every database that has read them."""

    given: CityInput
    expected: Expected
    ends: Ends


@pytest.fixture(scope="session")
def broker() -> Iterator[KafkaServer]:
    """Run a Kafka for the raw topics of the city."""
    with new_broker() as server:
        yield server


@pytest.fixture(scope="session")
def server() -> Iterator[TimescaleServer]:
    """Run a TimescaleDB for the figures of the city."""
    with new_server() as running:
        yield running


@pytest.fixture(scope="session")
def new_installation(
    broker: KafkaServer, server: TimescaleServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NewInstallation]:
    """Give what makes installations, migrated by the command line, that share the topics."""
    made: list[Installation] = []
    numbers = itertools.count()
    folder = tmp_path_factory.mktemp("acceptance")

    def make(variables: Mapping[str, str] | None = None) -> Installation:
        """Make an installation with settings of its own."""
        place = folder / f"installation-{next(numbers)}"
        settings = {**VARIABLES, **(variables or {})}
        installation = Installation(broker.bootstrap_servers, server.url, place, settings)
        made.append(installation)
        installation.migrate()
        return installation

    yield make
    for installation in made:
        installation.end()


@pytest.fixture(scope="session")
def first_installation(new_installation: NewInstallation) -> Installation:
    """Give the installation that makes the topics."""
    return new_installation()


@pytest.fixture(scope="session")
def city_log(first_installation: Installation) -> CityLog:
    """Send the morning of the city, read it back, and compute its figures."""
    servers = first_installation.bootstrap_servers
    random = new_random()
    city = build_city(random.randrange(2**32))
    given = morning(city, MILLION, end_us=time.time_ns() // 1_000, partitions=PARTITIONS, random=random)
    sent_s = measured_s(lambda: send(servers, given.records))
    _wait_for_reorder()
    send(servers, given.withheld)
    records = [record for source in TOPICS for record in read_back(servers, source, PARTITIONS)]
    end = ends(servers, PARTITIONS)
    begin_s = time.monotonic()
    settings = Settings(allowed_lateness_s=LATENESS_S)
    stream_us = max(end.arrival_us.values()) + REORDER_US + 1
    expected = expect(city, rows_of(records, given.broken), settings, stream_us=stream_us)
    sys.stdout.write(
        f"sent {sum(given.rows.values())} rows in {len(records)} records and {sent_s:.0f} s; "
        f"the oracle took {time.monotonic() - begin_s:.0f} s\n"
    )
    return CityLog(given, expected, end)


@pytest.fixture(scope="session")
def load_city(city_log: CityLog) -> Callable[[Installation], None]:
    """Give what loads the zones and cameras of the city into an installation."""

    def load(installation: Installation) -> None:
        """Load both by the command line."""
        installation.load_zones(zones_geojson(city_log.given.city))
        installation.load_cameras(cameras_csv(city_log.given.city))

    return load


@pytest.fixture(scope="session")
def plain_run(
    first_installation: Installation, city_log: CityLog, load_city: Callable[[Installation], None]
) -> Installation:
    """Give the first installation after it has read everything with one process of each role."""
    load_city(first_installation)
    begin_s = time.monotonic()
    roles = [first_installation.start(role, "--until-drained") for role in ("intake", "aggregate")]
    for role in roles:
        assert role.wait(DRAINED_S) == 0, role.log_tail()
    sys.stdout.write(f"drained in {time.monotonic() - begin_s:.0f} s\n")
    assert has_all(first_installation, city_log.ends, after_us=REORDER_US)
    return first_installation


@pytest.fixture(scope="session")
def plain_texts(plain_run: Installation) -> dict[str, bytes]:
    """Give the rows of the first installation as text."""
    return table_texts(plain_run.database_url)


def _wait_for_reorder() -> None:
    """Wait until what is sent now comes too late to be put in order."""
    end_s = time.monotonic() + REORDER_US / 1e6 + 2.0
    wait_until(lambda: time.monotonic() > end_s, "time passes", deadline_s=30.0)
