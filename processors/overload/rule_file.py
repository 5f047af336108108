"""The door of rules: documents (JSON or TOML once parsed) and zone files become rule sets, or problems.

A document is taken whole or not at all: half a rule set is another rule set.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from processors.overload.plan import WatchedZone
from processors.overload.rules import RuleSet


class RuleProblem(NamedTuple):
    """One thing that is wrong, for the person who wrote the rules."""

    rule: str | None  # id of the rule, or `calendar NAME`, or None for the document itself
    field: str | None  # such as `windows[0].from`
    message: str  # what is wrong and what is allowed

    def __str__(self) -> str:
        """Return the problem as one sentence."""
        place = ", ".join(part for part in (self.rule, self.field) if part)
        return f"{place}: {self.message}" if place else self.message


class RuleFile(NamedTuple):
    """A rule set, or every problem that keeps a document from being one."""

    rules: RuleSet | None  # None where there are problems
    problems: list[RuleProblem]


def read_rules(document: object, *, version: int = 0) -> RuleFile:
    """Read a rule document: plain data with `rules` and, if wanted, `calendars`."""
    raise NotImplementedError


def rules_in_zone_file(document: bytes, *, version: int = 0) -> RuleFile:
    """Read the rules in the `overload` properties of a GeoJSON FeatureCollection of zones.

    `properties.overload` is a rule or a list of rules without `zone`; a top-level member `overload_calendars`
    of the collection holds the calendars. Features without it have no rules of their own.

    Raises:
        InvalidInputError: the document is not a FeatureCollection at all.
    """
    raise NotImplementedError


def rule_document(rules: RuleSet) -> dict[str, object]:
    """Return the plain data that `read_rules` reads back into the same rule set, version aside."""
    raise NotImplementedError


def check_zones(rules: RuleSet, zones: Iterable[WatchedZone]) -> list[RuleProblem]:
    """Return what is wrong with *rules* for these zones: no such zone, no zone of the kind, no capacity to use.

    These are warnings: a zone may be loaded later.
    """
    raise NotImplementedError


def changed_rules(old: RuleSet, new: RuleSet) -> Mapping[str, str]:
    """Return `added`, `changed` or `removed` by rule id, for the audit log; what stayed the same is left out."""
    raise NotImplementedError
