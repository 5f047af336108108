"""Overload rules as frozen values: what is too much, of what, where and when.

A rule set is plain data; `rule_file` reads and writes its document and is the only door through which one is
made from outside, so what is here is valid.
"""

from enum import StrEnum

from msgspec import Struct


class Measure(StrEnum):
    """What a rule counts in a zone."""

    PRESENT = "present"
    """Vehicles that are inside and report."""
    PRESENT_AND_SILENT = "present_and_silent"
    """These, and the vehicles inside that fell silent: parked, unloading."""
    ENTRIES_PER_SLOT = "entries_per_slot"
    """Entries of its classes in the last whole slot or so far in the running one, whichever is more."""


class Severity(StrEnum):
    """How bad it is when a rule fires."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Window(Struct, frozen=True):
    """A part of the week in local wall time; it belongs to the day on which it starts."""

    days: tuple[int, ...]  # Monday is 0; sorted, never empty
    from_minute: int  # of the day, 0 to 1439
    to_minute: int  # not included, 1 to 1440; at or before `from_minute` means of the next day


class ExceptionDays(Struct, frozen=True):
    """What holds on the dates of a calendar in place of what the rule says of the week."""

    calendar: str
    windows: tuple[Window, ...] | None = (
        None  # empty: not in force on these dates; None: those of the rule stay
    )
    capacity: int | None = None  # None: that of the rule stays


class Rule(Struct, frozen=True, kw_only=True):
    """When a zone has too much of something."""

    rule_id: str
    zone: str | None = None  # id of the one zone that it is about, or
    kind: str | None = None  # the kind of the zones, one of ZONE_KINDS
    municipality: str | None = None  # narrows the kind to one CBS code
    classes: tuple[str, ...]  # in the order of VEHICLE_CLASSES, never empty
    measure: Measure
    capacity: int | None = None  # None: the zone's own
    raise_pct: int = 90  # of the capacity, from which it is too full
    clear_pct: int = 80  # of the capacity, below which it is over
    raise_s: int = 120  # so long without a break before it fires
    clear_s: int = 300  # so long without a break before it is over
    rising_pct: int | None = 50  # probability within half an hour from which a zone is rising, None: never
    severity: Severity = Severity.WARNING
    text_nl: str = ""  # shown with the alert; empty: made from the zone and the classes
    text_en: str = ""
    windows: tuple[Window, ...] = ()  # empty: always
    exceptions: tuple[ExceptionDays, ...] = ()  # the first one whose calendar has the date counts


class Calendar(Struct, frozen=True):
    """Dates that are not like others, such as those of a market or an event."""

    name: str
    days: frozenset[int]  # local days since 1970-01-01


class RuleSet(Struct, frozen=True):
    """All rules of a city at one time."""

    version: int  # 0: not stored yet
    rules: tuple[Rule, ...]  # rule ids are unique
    calendars: tuple[Calendar, ...] = ()  # names are unique
