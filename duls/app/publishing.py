"""`duls publish`, and what housekeeping does each time: publish the local days that are final, then freeze them."""

from collections.abc import Callable
from typing import Final, NamedTuple

import structlog

from duls.config import Settings
from duls.local_midnights import local_midnights
from processors.publication.day_cells import Rule, published
from processors.publication.zone_family import Family, family_of_cameras, family_of_shapes
from processors.vocabulary import Source
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.publication import (
    LocalDay,
    Report,
    Versions,
    count_later,
    due_days,
    open_days,
    read_day,
    try_lock,
    unlock,
    write_day,
)
from sinks.registry import latest_versions, load_cameras, load_zones

DETECTIONS_WAIT_S: Final = 24 * 3_600

log = structlog.get_logger()


class _Zones(NamedTuple):
    """The family of a source, and the numbers of its zones in its order."""

    family: Family
    numbers: list[int]


def publish_by_hand(settings: Settings) -> list[Report] | None:
    """Publish what is due and return what was published; None: another process is publishing.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name="duls publish") as connection:
        return publish_due(connection, settings)


def publish_due(connection: Connection, settings: Settings) -> list[Report] | None:
    """Publish the local days that are final, and count what came after earlier ones; None: another process does."""
    if not try_lock(connection):
        return None
    try:
        midnights_us = local_midnights()

        def local_day(source: Source, day: int) -> LocalDay:
            return LocalDay(source, day, int(midnights_us[day]), int(midnights_us[day + 1]))

        reports = [
            report for source in Source for report in _publish_source(connection, settings, source, local_day)
        ]
        for source, day in open_days(connection):
            count_later(connection, local_day(source, day))
    finally:
        unlock(connection)
    return reports


def wait_s(settings: Settings, source: Source) -> float:
    """Return how long after its end, in stream time, a local day of a source is published."""
    figures = settings.figures
    if source == Source.FMS:
        return figures.park_gap_s + figures.allowed_lateness_s + figures.reorder_s
    return float(DETECTIONS_WAIT_S)


def _publish_source(
    connection: Connection, settings: Settings, source: Source, local_day: Callable[[Source, int], LocalDay]
) -> list[Report]:
    """Publish the days of one source."""
    days = due_days(connection, source, wait_s=wait_s(settings, source))
    newest = latest_versions(connection)
    if not days or not newest.zones or (source == Source.ANPR and not newest.cameras):
        return []
    versions = Versions(newest.zones, newest.cameras)
    zones = _zones(connection, source, versions)
    rule = Rule(settings.publication.k, settings.publication.carriers)
    reports = []
    for number in days:
        day = local_day(source, number)
        read = read_day(connection, day, zones.numbers)
        shown = published(read.cells, zones.family, rule, source)
        report = write_day(connection, day, read, zones.family, zones.numbers, shown, rule, versions)
        if report is not None:
            reports.append(report)
            log.info("published a local day", **{**report._asdict(), "source": source.name.lower()})
    return reports


def _zones(connection: Connection, source: Source, versions: Versions) -> _Zones:
    """Return the zones that a source has figures of."""
    stored = load_zones(connection, versions.zones)
    features = [zone.feature for zone in stored]
    if source == Source.FMS:
        family = family_of_shapes(features)
    else:
        cameras: dict[str, set[str]] = {}
        for camera in load_cameras(connection, versions.cameras):
            for meaning in camera.zones:
                cameras.setdefault(meaning.zone_id, set()).add(str(camera.camera_id))
        stored = [zone for zone in stored if zone.feature.zone_id in cameras]
        features = [zone.feature for zone in stored]
        family = family_of_cameras(features, [frozenset(cameras[zone.zone_id]) for zone in features])
    return _Zones(family, [stored[place].zone_no for place in family.members])
