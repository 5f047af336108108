"""What the alert role looks up in the database beside its stream: rules, zones, silences, entries."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
import structlog

from duls.pipelines.alert_city import NO_RULES, AlertCity, Silences, city_of, with_rules
from duls.pipelines.alert_reasons import EntryRates
from processors.columns import Int64Array
from processors.overload.rule_file import read_rules
from processors.overload.rules import RuleSet
from processors.rules import FigureSettings
from processors.units import HOUR_US, US_PER_S
from sinks.connection import Connection
from sinks.lasting_connection import LastingConnection
from sinks.overload_figures import Entries, hour_entries, slot_entries
from sinks.overload_rules import News, newest_rules, news, silences
from sinks.registry import latest_versions, load_settings, load_zones

WEEK_US = 7 * 24 * HOUR_US

log = structlog.get_logger()


class Look(NamedTuple):
    """What was found; None where nothing changed since the last time."""

    city: AlertCity | None
    silences: Mapping[str, Silences]


class AlertWorld:
    """Reads what changed, from one thread at a time.

    Args:
        database: a connection of its own.
        midnights_us: as in `processors.calendar`.
    """

    def __init__(self, database: LastingConnection, midnights_us: Int64Array) -> None:
        self._database = database
        self._midnights_us = midnights_us
        self._news = News(-1, -1)
        self._city = city_of([], NO_RULES, midnights_us)
        self._usual: tuple[int, Entries] = (-1, {})

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    @property
    def city(self) -> AlertCity:
        """Return the zones and rules that were seen last."""
        return self._city

    def look(self) -> Look:
        """Return what changed, within a second or so of it."""
        found, spans = self._database.run("look for news", lambda c: (news(c), silences(c)))
        city = None
        if found != self._news:
            city = self._city = self._database.run("load rules and zones", lambda c: self._read(c, found))
            self._news = found
        by_zone: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for silence in spans:
            by_zone[silence.zone_id].append((silence.starts_us, silence.ends_us))
        return Look(city, {zone_id: Silences(tuple(found)) for zone_id, found in by_zone.items()})

    def rates(self, now_us: int) -> EntryRates:
        """Return the entries of now and as usual, at a stream time."""
        return self._database.run("read entries", lambda c: self._rates(c, now_us))

    def _read(self, connection: Connection, found: News) -> AlertCity:
        """Return the city of the newest versions."""
        rules = stored_rules(connection)
        if found.zones == self._news.zones:
            return with_rules(self._city.zones, rules, self._midnights_us)
        zones = load_zones(connection, found.zones) if found.zones else []
        return city_of([zone.feature for zone in zones], rules, self._midnights_us)

    def _rates(self, connection: Connection, now_us: int) -> EntryRates:
        """Read entries; those that are usual once an hour."""
        slot_s = slot_length(connection)
        running_us = now_us // (slot_s * US_PER_S) * (slot_s * US_PER_S)
        hour_us = now_us // HOUR_US * HOUR_US - WEEK_US
        if self._usual[0] != hour_us:
            self._usual = (hour_us, hour_entries(connection, hour_us))
        usual = self._usual[1]
        # an hour in which nothing at all was counted is one that is not kept
        return EntryRates(slot_entries(connection, running_us, slot_s), slot_s, usual or None)


def stored_rules(connection: Connection) -> RuleSet:
    """Return the rules in force; none where none were loaded."""
    stored = newest_rules(connection)
    if stored is None:
        return NO_RULES
    read = read_rules(json.loads(stored.document), version=stored.version)
    if read.rules is None:
        # an older version took them; saying nothing of any zone would be worse
        log.error("the stored rules cannot be used: load them again", problem=str(read.problems[0]))
        return NO_RULES
    return read.rules


def slot_length(connection: Connection) -> int:
    """Return the length of a slot in seconds, as the newest settings have it."""
    version = latest_versions(connection).settings
    if not version:
        return FigureSettings().slot_s
    return msgspec.json.decode(load_settings(connection, version), type=FigureSettings).slot_s
