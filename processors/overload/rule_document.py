"""Rule sets as plain data, put together, and compared."""

from collections.abc import Iterable, Mapping
from typing import Literal

from processors.overload.class_groups import group_name
from processors.overload.document_fields import RuleProblem
from processors.overload.plan import WatchedZone, is_about
from processors.overload.rule_file import ZONE_CAPACITY, RuleFile, clashes
from processors.overload.rules import ExceptionDays, Rule, RuleSet, Window
from processors.overload.week_text import DAY_NAMES, EVERY_DAY, date_text, time_text

Change = Literal["added", "changed", "removed"]


def rule_document(rules: RuleSet) -> dict[str, object]:
    """Return the plain data that `read_rules` reads back into the same rule set, version aside."""
    calendars = {
        calendar.name: [date_text(day) for day in sorted(calendar.days)] for calendar in rules.calendars
    }
    return {"rules": [_rule(rule) for rule in rules.rules], "calendars": calendars}


def _rule(rule: Rule) -> dict[str, object]:
    """Return a rule with every field that has a value; numbers are there also where they are the defaults."""
    fields: dict[str, object] = {
        "id": rule.rule_id,
        "zone": rule.zone,
        "kind": rule.kind,
        "municipality": rule.municipality,
        "classes": group_name(rule.classes) or list(rule.classes),
        "measure": str(rule.measure),
        "capacity": ZONE_CAPACITY if rule.capacity is None else rule.capacity,
        "raise_pct": rule.raise_pct,
        "clear_pct": rule.clear_pct,
        "raise_s": rule.raise_s,
        "clear_s": rule.clear_s,
        "rising_pct": False if rule.rising_pct is None else rule.rising_pct,
        "severity": str(rule.severity),
        "text": {name: text for name, text in (("nl", rule.text_nl), ("en", rule.text_en)) if text} or None,
        "windows": [_window(window) for window in rule.windows] or None,
        "exceptions": [_exception(found) for found in rule.exceptions] or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _window(window: Window) -> dict[str, object]:
    """Return a window; all days of the week are left out."""
    fields: dict[str, object] = {}
    if window.days != EVERY_DAY:
        fields["days"] = [DAY_NAMES[day] for day in window.days]
    return fields | {"from": time_text(window.from_minute), "to": time_text(window.to_minute)}


def _exception(found: ExceptionDays) -> dict[str, object]:
    """Return what is different on the dates of a calendar."""
    fields: dict[str, object] = {"calendar": found.calendar}
    if found.windows is not None:
        fields["windows"] = [_window(window) for window in found.windows]
    if found.capacity is not None:
        fields["capacity"] = found.capacity
    return fields


def merged(old: RuleSet, new: RuleSet, *, version: int = 0) -> RuleFile:
    """Return *old* with the rules and calendars of *new*: one with a known name replaces, others come at the end."""
    rules = {rule.rule_id: rule for rule in (*old.rules, *new.rules)}
    calendars = {calendar.name: calendar for calendar in (*old.calendars, *new.calendars)}
    problems = list(clashes(rules.values()))
    both = RuleSet(version, tuple(rules.values()), tuple(calendars.values()))
    return RuleFile(None if problems else both, problems)


def changed_rules(old: RuleSet, new: RuleSet) -> Mapping[str, Change]:
    """Return what became of rules and `calendar NAME`s, for the audit log; what stayed the same is left out."""
    before, after = _parts(old), _parts(new)
    changes: dict[str, Change] = {}
    for name in sorted(before.keys() | after.keys()):
        if name not in before:
            changes[name] = "added"
        elif name not in after:
            changes[name] = "removed"
        elif before[name] != after[name]:
            changes[name] = "changed"
    return changes


def _parts(rules: RuleSet) -> dict[str, object]:
    """Return the rules and calendars by name."""
    parts: dict[str, object] = {rule.rule_id: rule for rule in rules.rules}
    return parts | {f"calendar {calendar.name}": calendar for calendar in rules.calendars}


def check_zones(rules: RuleSet, zones: Iterable[WatchedZone]) -> list[RuleProblem]:
    """Return what is wrong with *rules* for these zones: no such zone, no zone of the kind, no capacity to use.

    These are warnings: a zone may be loaded later.
    """
    known = list(zones)
    return [problem for rule in rules.rules if (problem := _target_problem(rule, known)) is not None]


def _target_problem(rule: Rule, zones: list[WatchedZone]) -> RuleProblem | None:
    """Return why a rule cannot hold for its zones, or for some of them."""
    about = [zone for zone in zones if is_about(rule, zone)]
    if not about:
        if rule.zone is not None:
            return RuleProblem(
                rule.rule_id, "zone", f"zone {rule.zone!r} is unknown; load it, or correct the id"
            )
        place = "" if rule.municipality is None else f" in municipality {rule.municipality}"
        return RuleProblem(rule.rule_id, "kind", f"there is no zone of kind {rule.kind}{place}")
    without = [zone.zone_id for zone in about if rule.capacity is None and zone.capacity is None]
    if without:
        shown = ", ".join(without[:5]) + (" and others" if len(without) > 5 else "")
        message = f"{len(without)} of {len(about)} zones have no capacity of their own: {shown}"
        return RuleProblem(rule.rule_id, "capacity", message)
    return None
