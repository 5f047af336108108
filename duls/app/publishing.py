"""`duls publish`, and what housekeeping does each time: publish the local days that are final, then freeze them."""

from collections.abc import Callable
from typing import Final

import numpy as np
import structlog

from duls.app.publishing_detections import decide_detections, registry_of
from duls.app.publishing_visitors import publish_months
from duls.config import Settings
from duls.local_midnights import local_midnights
from processors.publication.day_cells import OBSERVATIONS, Rule, published, told_by
from processors.publication.zone_family import family_of_shapes
from processors.vocabulary import Source
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.publication import (
    ALL,
    Decided,
    LeftOutZone,
    ReadDay,
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
from sinks.published_day import LocalDay
from sinks.registry import latest_versions, load_cameras, load_zones

DETECTIONS_WAIT_S: Final = 24 * 3_600

log = structlog.get_logger()


Decide = Callable[[LocalDay], tuple[ReadDay, Decided]]
"""Reads a local day and decides what is published of it."""


def publish_by_hand(settings: Settings) -> list[Report] | None:
    """Publish what is due and return what was published; None: another process is publishing.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name="duls publish") as connection:
        return publish_due(connection, settings)


def publish_due(connection: Connection, settings: Settings) -> list[Report] | None:
    """Publish the local days and months that are final, and count what came after earlier ones.

    Returns:
        What was published of days; None: another process publishes.
    """
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
        publish_months(connection, settings, wait_s=DETECTIONS_WAIT_S)
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
    rule = Rule(settings.publication.k, settings.publication.carriers)
    decide = (_positions if source == Source.FMS else _detections)(connection, versions, rule)
    reports = []
    for number in days:
        day = local_day(source, number)
        report = write_day(connection, day, *decide(day), rule, versions)
        if report is not None:
            reports.append(report)
            log.info("published a local day", **{**report._asdict(), "source": source.name.lower()})
    return reports


def _positions(connection: Connection, versions: Versions, rule: Rule) -> Decide:
    """Return what decides about days of positions."""
    stored = load_zones(connection, versions.zones)
    family = family_of_shapes([zone.feature for zone in stored])
    numbers = [stored[place].zone_no for place in family.members]
    left_out = [
        LeftOutZone(stored[guest].zone_no, ALL, stored[crossed].zone_no)
        for guest, crossed in zip(family.guests, family.crossed, strict=True)
    ]

    def decide(day: LocalDay) -> tuple[ReadDay, Decided]:
        read = read_day(connection, day, numbers)
        shown = published(read.cells, family, rule, Source.FMS)
        told = told_by(family, read.cells.days[..., OBSERVATIONS], np.array([kind.days for kind in shown]))
        return read, Decided(numbers, read.cells, shown, told, left_out)

    return decide


def _detections(connection: Connection, versions: Versions, rule: Rule) -> Decide:
    """Return what decides about days of detections."""
    registry = registry_of(load_zones(connection, versions.zones), load_cameras(connection, versions.cameras))
    numbers = [zone.zone_no for zone in registry.zones]

    def decide(day: LocalDay) -> tuple[ReadDay, Decided]:
        read = read_day(connection, day, numbers)
        return read, decide_detections(day, read, registry, rule)

    return decide
