"""Compare what is in the database with the events that were sent, one by one."""

from collections import Counter
from typing import NamedTuple

import psycopg

from sinks.connection import Connection, open_connection
from sinks.doctor import conservation
from tests.faults.figures_table import feed_counts, rows_by_minute
from tests.faults.installation import Installation
from tests.faults.raw_topics import ANPR, FMS, TOPICS, read_back
from tests.faults.unit_events import CellId, EventWorld, poison_among

US_PER_MINUTE = 60_000_000
BY_CARRIER = """
SELECT '{0}', cell.zone_no, cell.{1}, cell.vehicle_class, cell.zero_emission, cell.vehicles, named.vehicles
FROM core.flow_{0} AS cell
LEFT JOIN (
    SELECT zone_no, {1}, vehicle_class, zero_emission, sum(vehicles) AS vehicles
    FROM core.carrier_{0} GROUP BY 1, 2, 3, 4
) AS named USING (zone_no, {1}, vehicle_class, zero_emission)
WHERE cell.source = 0 AND cell.vehicles <> coalesce(named.vehicles, 0)
    AND NOT EXISTS (SELECT FROM core.publication WHERE source = 0)
"""


class Verdict(NamedTuple):
    """What became of the events."""

    sent: int
    lost: list[CellId]
    double: list[CellId]
    foreign: list[CellId]  # cells of no event

    @property
    def is_exact(self) -> bool:
        """Tell whether every event was counted once and nothing else was."""
        return not (self.lost or self.double or self.foreign)

    def __str__(self) -> str:
        """Say the counts, and the first of each."""
        return (
            f"{self.sent} events: {len(self.lost)} lost {self.lost[:3]}, "
            f"{len(self.double)} double {self.double[:3]}, {len(self.foreign)} foreign {self.foreign[:3]}"
        )


def judge(installation: Installation, world: EventWorld, sent: int) -> Verdict:
    """Compare the slots with the first *sent* events of a world."""
    return judge_cells(installation, {world.cell(number) for number in range(sent)})


def judge_cells(installation: Installation, expected: set[CellId]) -> Verdict:
    """Compare the slots with the cells of the events that were sent."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT source, zone_id, (extract(epoch FROM slot_start) * 1000000)::bigint, "
            "observations, vehicles, CASE source WHEN 'fms' THEN appearances ELSE entries END "
            "FROM live.zone_flow WHERE observations > 0 OR vehicles > 0"
        ).fetchall()
    found = {(row[0], row[1], row[2]): row[3:] for row in rows}
    return Verdict(
        len(expected),
        sorted(expected - found.keys()),
        sorted(key for key, counts in found.items() if key in expected and counts != (1, 1, 1)),
        sorted(found.keys() - expected),
    )


def check_counts(installation: Installation, sent: int) -> None:
    """Check the counts of the feeds: what was sent is accepted or rejected, and all that is accepted is taken."""
    counts = feed_counts(installation.database_url)
    detections = (sent + 9) // 10
    expected = {
        FMS: Counter(accepted=sent - detections, taken=sent - detections, rejected=poison_among(sent)),
        ANPR: Counter(accepted=detections, taken=detections),
    }
    assert expected == {source: +count for source, count in counts.items()}


def check_minutes(installation: Installation) -> None:
    """Check that every minute of arrival counts as many rows as the raw topics hold of it."""
    held: Counter[tuple[str, int]] = Counter()
    for source in TOPICS:
        for record in read_back(installation.bootstrap_servers, source, installation.partitions):
            held[source, record.arrival_us // US_PER_MINUTE] += 1

    assert held == rows_by_minute(installation.database_url)


def check_conservation(installation: Installation) -> None:
    """Check that visits that began less those that ended are those that are open, and that carriers add up."""
    with open_connection(installation.database_url, application_name="test") as connection:
        law = conservation(connection)
        amiss = amiss_by_carrier(connection)

    assert law.holds, law
    assert [] == amiss


def amiss_by_carrier(connection: Connection) -> list[tuple[object, ...]]:
    """Return the cells of hours and days whose vehicles are not those of all carriers together."""
    return [
        row
        for grain, bucket in (("hour", "hour_start"), ("day", "day"))
        for row in connection.execute(BY_CARRIER.format(grain, bucket).encode()).fetchall()
    ]
