"""Publication of months of visitors, where vehicles are known over months; where they are not, forgetting who came."""

import structlog

from duls.config import Settings
from processors.publication.visitors import possible_types, shown_visitors, visitor_tables, zones_apart
from sinks.connection import Connection
from sinks.published_visitors import (
    DecidedMonth,
    MonthReport,
    cameras_of_zones,
    due_months,
    forget_all,
    forget_published,
    read_month,
    write_month,
)

log = structlog.get_logger()


def publish_months(connection: Connection, settings: Settings, *, wait_s: float) -> list[MonthReport]:
    """Publish the local months that ended *wait_s* of stream time ago, or forget all where nobody asks for them."""
    if not settings.privacy.month_key:
        if forgotten := forget_all(connection):
            log.info("forgot who came, for months have no keys any more", rows=forgotten)
        return []
    reports = []
    for month in due_months(connection, wait_s=wait_s):
        report = write_month(
            connection, month, _decided(connection, month, settings.publication.k), settings.publication.k
        )
        if report is not None:
            reports.append(report)
            log.info("published the visitors of a month", **report._asdict())
    forget_published(connection)
    return reports


def _decided(connection: Connection, month: int, k: int) -> DecidedMonth:
    """Decide what is published of a month."""
    zones = cameras_of_zones(connection, month)
    chosen = zones_apart([zone.kind for zone in zones], [zone.cameras for zone in zones])
    numbers = [zones[place].zone_no for place in chosen]
    read = read_month(connection, month, numbers)
    tables = visitor_tables(read.groups, len(numbers))
    types = possible_types(read.counted_days)
    shown = shown_visitors(tables, types, k)
    return DecidedMonth(numbers, len(zones) - len(numbers), tables, shown, types, read.counted_days)
