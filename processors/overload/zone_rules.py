"""Rules that stand in a zone file, with the zone that they are about."""

import json
from collections.abc import Iterable, Mapping
from typing import Final

from duls.errors import InvalidInputError
from processors.overload.document_fields import RuleProblem
from processors.overload.rule_file import ZONE_CAPACITY, RuleFile, read_rules
from processors.overload.rules import Measure

TARGET_FIELDS: Final = ("zone", "kind", "municipality")


def rules_in_zone_file(document: bytes, *, version: int = 0) -> RuleFile:
    """Read the rules in the `overload` properties of a GeoJSON FeatureCollection of zones.

    `properties.overload` is a rule, or a list of rules, without `zone`; without `id` it has that of the zone, with
    its place in the list from the second on; without `capacity` that of the zone. A top-level member
    `overload_calendars` of the collection holds the calendars.

    Raises:
        InvalidInputError: the document is not a FeatureCollection at all.
    """
    collection = _collection(document)
    rules: list[object] = []
    problems: list[RuleProblem] = []
    for index, feature in enumerate(collection["features"]):
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        if not isinstance(properties, Mapping) or properties.get("overload") is None:
            continue
        zone_id = properties.get("id")
        if not isinstance(zone_id, str):
            problems.append(
                RuleProblem(None, f"features[{index}].properties.id", "must be text: the zone's id")
            )
            continue
        given = properties["overload"]
        rules += _zone_rules(zone_id, given if isinstance(given, list) else [given], problems)
    calendars = collection.get("overload_calendars")
    read = read_rules({"rules": rules, "calendars": calendars}, version=version)
    problems += read.problems
    return RuleFile(None if problems else read.rules, problems)


def _zone_rules(zone_id: str, given: list[object], problems: list[RuleProblem]) -> Iterable[object]:
    """Yield the rules of one feature as a document has them."""
    for place, raw in enumerate(given, start=1):
        if not isinstance(raw, Mapping):
            yield raw
            continue
        rule_id = raw.get("id", zone_id if place == 1 else f"{zone_id}:{place}")
        problems += [
            RuleProblem(str(rule_id), name, "does not go here: the rule is about its zone")
            for name in TARGET_FIELDS
            if name in raw
        ]
        kept = {name: value for name, value in raw.items() if name not in TARGET_FIELDS}
        default = {} if raw.get("measure") == Measure.ENTRIES_PER_SLOT else {"capacity": ZONE_CAPACITY}
        yield {**default, **kept, "id": rule_id, "zone": zone_id}


def _collection(document: bytes) -> dict[str, list[object]]:
    """Return a FeatureCollection."""
    try:
        content = json.loads(document)
    except (ValueError, RecursionError) as cause:
        message = f"The zone file is not JSON: {cause}."
        raise InvalidInputError(message) from cause
    is_collection = isinstance(content, dict) and content.get("type") == "FeatureCollection"
    if not is_collection or not isinstance(content.get("features"), list):
        message = 'The zone file is not a GeoJSON FeatureCollection with a list of "features".'
        raise InvalidInputError(message)
    return content
