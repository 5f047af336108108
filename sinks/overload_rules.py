"""Versions of the rules of overload alerts, and what else the alert role looks up; times in microseconds."""

from typing import NamedTuple

from sinks.connection import Connection
from sinks.queries import query
from sinks.turns import Turn, take_turn


class StoredRules(NamedTuple):
    """A version of the rules."""

    version: int
    document: str  # JSON
    stored_by: str
    note: str | None
    stored_us: int


class RuleChange(NamedTuple):
    """A line of the log of rules."""

    version: int
    stored_by: str
    note: str | None
    stored_us: int
    changes: str  # JSON object: added, changed or removed by name


class News(NamedTuple):
    """Newest versions; 0 where there are none."""

    rules: int
    zones: int


class Silence(NamedTuple):
    """When nobody is told of a zone."""

    zone_id: str
    starts_us: int
    ends_us: int


class NewRules(NamedTuple):
    """A rule set to store."""

    document: str  # JSON
    changes: str  # JSON, since the version that it was made from
    stored_by: str
    note: str | None = None


def newest_rules(connection: Connection) -> StoredRules | None:
    """Return the rules in force, None before any were stored."""
    row = connection.execute(query("overload_rules", "newest_rules")).fetchone()
    return None if row is None else StoredRules(*row)


def rules_of_version(connection: Connection, version: int) -> StoredRules | None:
    """Return the rules of a version, None where there is none."""
    row = connection.execute(query("overload_rules", "rules_of_version"), {"version": version}).fetchone()
    return None if row is None else StoredRules(*row)


def store_rules(connection: Connection, rules: NewRules, *, after: int) -> int | None:
    """Store rules as the version behind *after*; return it, or None where another version came in between."""
    with connection.transaction():
        take_turn(connection, Turn.RULES)
        newest = newest_rules(connection)
        if (0 if newest is None else newest.version) != after:
            return None
        values = {"version": after + 1, **rules._asdict()}
        connection.execute(query("overload_rules", "add_rules"), values)
    return after + 1


def rule_log(connection: Connection, limit: int) -> list[RuleChange]:
    """Return who changed the rules, newest first."""
    rows = connection.execute(query("overload_rules", "rule_log"), {"limit": limit}).fetchall()
    return [RuleChange(*row) for row in rows]


def news(connection: Connection) -> News:
    """Return the newest versions of rules and zones."""
    row = connection.execute(query("overload_rules", "news")).fetchone()
    return News(*row) if row else News(0, 0)


def silences(connection: Connection) -> list[Silence]:
    """Return the silences that are not over, or were over less than a day ago."""
    return [Silence(*row) for row in connection.execute(query("overload_rules", "silences")).fetchall()]
