"""What is wrong, in one line, Dutch or English: what the rule says, or the zone and what it counts."""

from collections.abc import Mapping
from typing import Final, Literal

from processors.overload.class_groups import group_name
from processors.overload.rules import Measure, Rule

Language = Literal["nl", "en"]

_GROUPS: Final[Mapping[Language, Mapping[str, str]]] = {
    "nl": {
        "all": "voertuigen",
        "freight": "vrachtverkeer",
        "vans": "bestelauto's",
        "trucks": "vrachtauto's",
        "cars": "personenauto's",
        "buses": "bussen",
    },
    "en": {
        "all": "vehicles",
        "freight": "freight traffic",
        "vans": "vans",
        "trucks": "trucks",
        "cars": "cars",
        "buses": "buses",
    },
}
_LINES: Final[Mapping[Language, Mapping[bool, str]]] = {
    "nl": {False: "{zone} raakt vol: te veel {what}", True: "{zone}: te veel {what} tegelijk naar binnen"},
    "en": {False: "{zone} is filling up: too many {what}", True: "{zone}: too many {what} coming in at once"},
}


def headline(rule: Rule, zone_name: str, language: Language) -> str:
    """Return the text of a rule, else one made from the zone and the classes."""
    own = rule.text_nl if language == "nl" else rule.text_en
    if own:
        return own
    name = group_name(rule.classes)
    what = ", ".join(rule.classes) if name is None else _GROUPS[language][name]
    return _LINES[language][rule.measure is Measure.ENTRIES_PER_SLOT].format(zone=zone_name, what=what)
