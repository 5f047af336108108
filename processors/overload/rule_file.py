"""The door of rules: a document (JSON or TOML once parsed) becomes a rule set, or problems.

A document is taken whole or not at all: half a rule set is another rule set.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from processors.overload.class_groups import CLASS_GROUPS
from processors.overload.document_fields import Fields, RuleProblem, whole_number
from processors.overload.rules import Calendar, ExceptionDays, Measure, Rule, RuleSet, Severity, Window
from processors.overload.week_text import DAY_NAMES, EVERY_DAY, read_date, read_days, read_minute
from processors.vocabulary import VEHICLE_CLASSES, ZONE_KINDS
from processors.zone_file import MAX_CAPACITY

DOCUMENT_FIELDS: Final = ("rules", "calendars")
RULE_FIELDS: Final = (
    *("id", "zone", "kind", "municipality", "classes", "measure", "capacity", "raise_pct", "clear_pct"),
    *("raise_s", "clear_s", "rising_pct", "severity", "text", "windows", "exceptions"),
)
WINDOW_FIELDS: Final = ("days", "from", "to")
EXCEPTION_FIELDS: Final = ("calendar", "windows", "capacity")
TEXT_FIELDS: Final = ("nl", "en")
ZONE_CAPACITY: Final = "zone"
MAX_DURATION_S: Final = 86_400
MAX_PCT: Final = 1_000

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
_DEFAULTS: Final = Rule(rule_id="", classes=VEHICLE_CLASSES, measure=Measure.PRESENT)


class RuleFile(NamedTuple):
    """A rule set, or every problem that keeps a document from being one."""

    rules: RuleSet | None  # None where there are problems
    problems: list[RuleProblem]


def read_rules(document: object, *, version: int = 0) -> RuleFile:
    """Read a rule document: plain data with `rules` and, if wanted, `calendars`."""
    problems: list[RuleProblem] = []
    fields = Fields(document, problems, rule=None, path="", known=DOCUMENT_FIELDS)
    if not fields.has("rules"):
        fields.note("rules", "is missing: a list of rules, which may be empty")
    calendars = _calendars(fields)
    names = frozenset(calendar.name for calendar in calendars)
    raw_rules = fields.raw("rules")
    if raw_rules is not None and not isinstance(raw_rules, list | tuple):
        fields.note("rules", f"must be a list of rules, not {raw_rules!r}")
        raw_rules = None
    rules = [_rule(raw, place, names, problems) for place, raw in enumerate(raw_rules or (), start=1)]
    problems += clashes(rules)
    rule_set = RuleSet(version, tuple(rules), tuple(calendars))
    return RuleFile(None, problems) if problems else RuleFile(rule_set, [])


def _calendars(document: Fields) -> list[Calendar]:
    """Read the calendars: lists of dates by name."""
    raw = document.raw("calendars")
    if raw is None:
        return []
    if not isinstance(raw, Mapping):
        document.note("calendars", f"must be a table of lists of dates, not {raw!r}")
        return []
    calendars = []
    for name, dates in raw.items():
        place = f"calendars.{name}"
        if not isinstance(name, str) or not _ID.fullmatch(name):
            document.note(place, "is no name: 1 to 100 letters, digits, dots, colons, dashes, underscores")
        days = [read_date(date) for date in dates] if isinstance(dates, list | tuple) else [None]
        if None in days:
            document.note(place, f"must be a list of dates such as 2026-12-05, not {dates!r}")
        calendars.append(Calendar(str(name), frozenset(day for day in days if day is not None)))
    return calendars


def _rule(raw: object, place: int, calendars: frozenset[str], problems: list[RuleProblem]) -> Rule:
    """Read one rule; where it has problems it is something like it."""
    given_id = raw.get("id") if isinstance(raw, Mapping) else None
    rule_id = given_id if isinstance(given_id, str) and _ID.fullmatch(given_id) else f"#{place}"
    fields = Fields(raw, problems, rule=rule_id, path="", known=RULE_FIELDS)
    if not isinstance(raw, Mapping):
        return _DEFAULTS
    if rule_id != given_id:
        allowed = "1 to 100 letters, digits, dots, colons, dashes, underscores"
        fields.note("id", f"must be {allowed}, the first a letter or digit; it is {given_id!r}")
    zone, kind, municipality = _target(fields)
    measure = Measure(fields.choice("measure", Measure, _DEFAULTS.measure) or _DEFAULTS.measure)
    raise_pct = fields.whole("raise_pct", 2, MAX_PCT, _DEFAULTS.raise_pct)
    clear_pct = fields.whole("clear_pct", 1, MAX_PCT, min(_DEFAULTS.clear_pct, raise_pct - 1))
    if clear_pct >= raise_pct:
        fields.note("clear_pct", f"must be below raise_pct, which is {raise_pct}, not {clear_pct}")
    texts = fields.table("text", TEXT_FIELDS)
    return Rule(
        rule_id=rule_id,
        zone=zone,
        kind=kind,
        municipality=municipality,
        classes=_classes(fields),
        measure=measure,
        capacity=_capacity(fields, measure),
        raise_pct=raise_pct,
        clear_pct=clear_pct,
        raise_s=fields.whole("raise_s", 0, MAX_DURATION_S, _DEFAULTS.raise_s),
        clear_s=fields.whole("clear_s", 0, MAX_DURATION_S, _DEFAULTS.clear_s),
        rising_pct=_rising_pct(fields),
        severity=Severity(fields.choice("severity", Severity, _DEFAULTS.severity) or _DEFAULTS.severity),
        text_nl=texts.text("nl") or "",
        text_en=texts.text("en") or "",
        windows=_rule_windows(fields),
        exceptions=tuple(_exceptions(fields, calendars)),
    )


def _target(fields: Fields) -> tuple[str | None, str | None, str | None]:
    """Return the zone, or the kind and perhaps municipality, that a rule is about."""
    zone, kind = fields.text("zone"), fields.choice("kind", ZONE_KINDS)
    municipality = fields.text("municipality")
    if fields.has("zone") == fields.has("kind"):
        fields.note("zone", "give either zone, the id of one zone, or kind, for all zones of a kind")
    if municipality is not None and not fields.has("kind"):
        fields.note("municipality", "narrows a kind; it does not go with zone")
    return zone, kind, municipality


def _classes(fields: Fields) -> tuple[str, ...]:
    """Return the classes of a group, or of a list of classes, in the order of the vocabulary."""
    value = fields.raw("classes") if fields.has("classes") else "all"
    if isinstance(value, str) and value in CLASS_GROUPS:
        return CLASS_GROUPS[value]
    names = value if isinstance(value, list | tuple) else [None]
    if not names or any(name not in VEHICLE_CLASSES for name in names):
        groups, classes = ", ".join(CLASS_GROUPS), ", ".join(VEHICLE_CLASSES)
        fields.note("classes", f"must be one of {groups}, or a list of {classes}; it is {value!r}")
        return VEHICLE_CLASSES
    return tuple(name for name in VEHICLE_CLASSES if name in names)


def _capacity(fields: Fields, measure: Measure) -> int | None:
    """Return the capacity, None for that of the zone."""
    value = fields.raw("capacity")
    if value == ZONE_CAPACITY:
        if measure is Measure.ENTRIES_PER_SLOT:
            fields.note(
                "capacity", "must be a number here: that of a zone is of vehicles at once, not entries"
            )
        return None
    number = whole_number(value)
    if number is None or not 0 <= number <= MAX_CAPACITY:
        fields.note("capacity", f'must be a whole number, 0 or more, or "{ZONE_CAPACITY}"; it is {value!r}')
        return None
    return number


def _rising_pct(fields: Fields) -> int | None:
    """Return the probability from which a zone is rising; `false`, or nothing in JSON, means never."""
    if fields.has("rising_pct") and fields.raw("rising_pct") in (False, None):
        return None
    return fields.whole("rising_pct", 1, 100, _DEFAULTS.rising_pct or 1)


def _rule_windows(fields: Fields) -> tuple[Window, ...]:
    """Return the windows of a rule."""
    windows = tuple(_windows(fields))
    if fields.has("windows") and fields.raw("windows") in ([], ()):
        fields.note("windows", "has no windows, so that the rule would never hold; leave it out for always")
    return windows


def _windows(fields: Fields) -> Iterable[Window]:
    """Yield the windows of a rule or an exception."""
    for window in fields.tables("windows", WINDOW_FIELDS):
        days = read_days(window.raw("days")) if window.has("days") else EVERY_DAY
        if days is None:
            names = ", ".join(DAY_NAMES)
            window.note("days", f"must be of {names}, or ranges such as mon-fri, not {window.raw('days')!r}")
        start, end = read_minute(window.raw("from"), latest=1439), read_minute(window.raw("to"))
        if start is None:
            window.note("from", f'must be a time from "00:00" to "23:59", not {window.raw("from")!r}')
        if end is None:
            window.note("to", f'must be a time from "00:00" to "24:00", not {window.raw("to")!r}')
        if start is not None and start == end:
            window.note("to", 'is the same as from; a whole day is from "00:00" to "24:00"')
        yield Window(days or EVERY_DAY, start or 0, end or 0)


def _exceptions(fields: Fields, calendars: frozenset[str]) -> Iterable[ExceptionDays]:
    """Yield the exceptions of a rule."""
    for exception in fields.tables("exceptions", EXCEPTION_FIELDS):
        name = exception.text("calendar")
        if name not in calendars:
            known = ", ".join(sorted(calendars)) or "none"
            exception.note("calendar", f"must be a calendar of the document (known: {known}), not {name!r}")
        capacity = whole_number(exception.raw("capacity"))
        if exception.has("capacity"):
            capacity = exception.whole("capacity", 0, MAX_CAPACITY, 0)
        elif not exception.has("windows"):
            exception.note("windows", "give windows, capacity or both: nothing is different on these dates")
        windows = tuple(_windows(exception)) if exception.has("windows") else None
        yield ExceptionDays(str(name), windows, capacity)


def clashes(rules: Iterable[Rule]) -> Iterable[RuleProblem]:
    """Yield the rules with the id of an earlier one, and those that an earlier one keeps from ever holding."""
    ids: set[str] = set()
    always: dict[object, str] = {}
    for rule in rules:
        if rule is _DEFAULTS:  # it could not be read at all
            continue
        if rule.rule_id in ids:
            yield RuleProblem(rule.rule_id, "id", "is that of an earlier rule; ids are unique")
        ids.add(rule.rule_id)
        asked = (rule.zone, rule.kind, rule.municipality, rule.measure, rule.classes)
        if rule.windows or rule.exceptions:
            continue
        if asked in always:
            message = f"never holds: rule {always[asked]} asks the same of the same zones at all times"
            yield RuleProblem(rule.rule_id, None, message)
        always.setdefault(asked, rule.rule_id)
