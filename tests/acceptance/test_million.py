"""A million positions and fifty thousand detections through real Kafka into real TimescaleDB, cell by cell."""

import time
from collections.abc import Iterator
from typing import Final, NamedTuple

import psycopg
import pytest

from naive import Cell, CellKey, Settings, run_detections, run_positions
from processors.simulation.city_files import cameras_csv, zones_geojson
from sinks.connection import open_connection
from sinks.doctor import conservation
from tests.acceptance.city_log import OracleInput, Sizes, build_city, oracle_input, raw_records, registry_of
from tests.faults.figures_table import differences, feed_counts, read_cells, table_texts
from tests.faults.installation import Installation, delete_topics
from tests.faults.raw_topics import ANPR, FMS, read_back, send
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

SIZES: Final = Sizes(positions=1_000_000, detections=50_000, minutes=100)
PARTITIONS: Final = 8
RUN_S: Final = 300.0
VARIABLES: Final = {"DULS_PARTITIONS": str(PARTITIONS), "DULS_KAFKA_CLIENT": "{}"}


class Loaded(NamedTuple):
    """An installation that took all of the input, and what the oracle makes of the same input."""

    first: Installation
    rows: OracleInput
    expected: dict[str, dict[CellKey, Cell]]
    outcomes: dict[str, dict[str, int]]


def _new(kafka: KafkaServer, timescale: TimescaleServer, folder: object, **variables: str) -> Installation:
    """Make an installation with the zones and cameras of the city."""
    installation = Installation(kafka.bootstrap_servers, timescale.url, folder, {**VARIABLES, **variables})  # type: ignore[arg-type]  # a pytest path
    installation.migrate()
    city = build_city()
    installation.load_zones(zones_geojson(city))
    installation.load_cameras(cameras_csv(city))
    return installation


def _run_until_drained(installation: Installation) -> None:
    """Run both roles until all input is in the database."""
    roles = [installation.start(role, "--until-drained") for role in ("intake", "aggregate")]
    for role in roles:
        assert role.wait(RUN_S) == 0, role.log_tail()


@pytest.fixture(scope="module")
def loaded(
    kafka: KafkaServer, timescale: TimescaleServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Loaded]:
    """Send the input, take it in, and let the oracle compute the same."""
    delete_topics(kafka.bootstrap_servers)
    installation = _new(kafka, timescale, tmp_path_factory.mktemp("million"))
    city = build_city()
    now_us = time.time_ns() // 1_000
    send(kafka.bootstrap_servers, raw_records(city, SIZES, now_us, PARTITIONS))
    _run_until_drained(installation)
    records = [
        record for source in (FMS, ANPR) for record in read_back(kafka.bootstrap_servers, source, PARTITIONS)
    ]
    rows = oracle_input(records)
    zones = {zone.zone_id: zone.polygons for zone in city.zones}
    seen = run_positions(rows.positions, zones, Settings(), stream_us=_stream_us(installation))
    passed = run_detections(
        rows.detections, registry_of(city.cameras), Settings(), stream_us=None, drained=True
    )
    expected = {grain: {**seen.cells[grain], **passed.cells[grain]} for grain in seen.cells}
    outcomes = {
        FMS: {str(outcome): count for outcome, count in seen.counts.items()},
        ANPR: {str(outcome): count for outcome, count in passed.counts.items()},
    }
    yield Loaded(installation, rows, expected, outcomes)
    installation.end()


def _stream_us(installation: Installation) -> int:
    """Return the stream time of positions that the database has come to."""
    with psycopg.connect(installation.database_url) as connection:
        row = connection.execute(
            "SELECT (extract(epoch FROM min(stream_time)) * 1000000)::bigint FROM core.feed_clock WHERE source = 0"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_no_cell_differs_from_the_oracle(loaded: Loaded) -> None:
    """Every figure of every slot, hour and day cell equals what the definitions give."""
    different = differences(loaded.expected, read_cells(loaded.first.database_url))
    cells = sum(len(cells) for cells in loaded.expected.values())
    print(f"{len(different)} of {cells} cells differ")  # noqa: T201  # the figure that this test is for

    assert cells > 10_000
    assert [] == different[:5]


def test_every_row_is_counted_once(loaded: Loaded) -> None:
    """Taken + late + out of order + duplicates + low confidence + rejected = sent, and each as the oracle says."""
    counts = feed_counts(loaded.first.database_url)
    print({feed: dict(found) for feed, found in counts.items()})  # noqa: T201  # the figure that this test is for
    outcomes = ("taken", "late", "out_of_order", "duplicates", "low_confidence", "rejected")
    unregistered = loaded.outcomes[ANPR].get("unregistered_camera", 0)

    assert len(loaded.rows.positions) + loaded.rows.rejected_positions == sum(
        counts[FMS][o] for o in outcomes
    )
    assert len(loaded.rows.detections) + loaded.rows.rejected_detections == sum(
        counts[ANPR][o] for o in outcomes
    )
    for feed in (FMS, ANPR):
        for outcome, column in (("taken", "taken"), ("late", "late"), ("duplicate", "duplicates")):
            assert loaded.outcomes[feed].get(outcome, 0) == counts[feed][column]
    assert loaded.rows.rejected_positions == counts[FMS]["rejected"]
    assert loaded.rows.rejected_detections + unregistered == counts[ANPR]["rejected"]


def test_visits_are_conserved(loaded: Loaded) -> None:
    """Entries + appearances - exits - disappearances over all cells is the number of open visits."""
    with open_connection(loaded.first.database_url, application_name="test") as connection:
        law = conservation(connection)
    print(law)  # noqa: T201  # the figure that this test is for

    assert law.open_visits > 0
    assert law.holds


def test_the_same_log_gives_the_same_bytes_in_another_database(
    loaded: Loaded,
    kafka: KafkaServer,
    timescale: TimescaleServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Read again from its start, with other batch, fetch and flush sizes, the raw topic gives equal rows."""
    second = _new(
        kafka,
        timescale,
        tmp_path_factory.mktemp("again"),
        DULS_INTAKE_BATCH_MESSAGES="3001",
        DULS_INTAKE_PROGRESS_MS="70",
        DULS_INTAKE_COMMIT_MS="250",
        DULS_FLUSH_MS="170",
    )
    try:
        _run_until_drained(second)
        again = table_texts(second.database_url)
    finally:
        second.end()

    assert table_texts(loaded.first.database_url) == again
