"""What the alert role knows of the city besides counts: zones, rules, silences, entries; replaced as a whole."""

from collections.abc import Mapping
from typing import NamedTuple

from processors.columns import Int64Array
from processors.overload.neighbours import neighbours_of
from processors.overload.plan import Planner, WatchedZone
from processors.overload.rules import Rule, RuleSet
from processors.zone_feature import ZoneFeature

NO_RULES = RuleSet(0, ())


class CityZone(NamedTuple):
    """A zone as alerts are about it."""

    watched: WatchedZone
    name: str
    neighbours: tuple[str, ...]


class Silences(NamedTuple):
    """When nobody is told of a zone, microseconds: starts and ends."""

    spans: tuple[tuple[int, int], ...] = ()

    def until_us(self, now_us: int) -> int:
        """Return until when nobody is told, 0 where somebody is."""
        return max((end for start, end in self.spans if start <= now_us < end), default=0)


class AlertCity(NamedTuple):
    """Zones and rules at one time."""

    zones: Mapping[str, CityZone]
    planner: Planner
    rules: Mapping[str, Rule]


def city_of(features: list[ZoneFeature], rules: RuleSet, midnights_us: Int64Array) -> AlertCity:
    """Return the city of some zones and rules."""
    near = neighbours_of(features)
    zones = {
        feature.zone_id: CityZone(
            WatchedZone(feature.zone_id, feature.kind, feature.municipality, feature.capacity),
            feature.name,
            near.get(feature.zone_id, ()),
        )
        for feature in features
    }
    return with_rules(zones, rules, midnights_us)


def with_rules(zones: Mapping[str, CityZone], rules: RuleSet, midnights_us: Int64Array) -> AlertCity:
    """Return the same zones under other rules."""
    return AlertCity(zones, Planner(rules, midnights_us), {rule.rule_id: rule for rule in rules.rules})
