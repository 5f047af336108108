"""Choices in the head of a board. *All* is the list of all values: no query needs a case of its own for it."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import CustomVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh

from grafana.kit import Kit

ALL = "$__all"


def queried(kit: Kit, name: str, query: str) -> QueryVariable:
    """Return a choice of several values that a query answers, all of them at first.

    They are asked again when the time changes, which is also when a board is opened.
    """
    return (
        QueryVariable(name)
        .label(kit.words(f"variables.{name}"))
        .datasource(kit.source)
        .query(kit.queries[query])
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .allow_custom_value(False)
        .current(VariableOption(selected=True, text=["All"], value=[ALL]))
    )


def several(kit: Kit, name: str, values: Mapping[str, str]) -> CustomVariable:
    """Return a choice of several of *values* (value → words), all of them at first."""
    return (
        _custom(kit, name, values)
        .multi(True)
        .include_all(True)
        .current(VariableOption(selected=True, text=["All"], value=[ALL]))
    )


def one(kit: Kit, name: str, values: Mapping[str, str]) -> CustomVariable:
    """Return a choice of one of *values* (value → words), the first at first."""
    value, words = next(iter(values.items()))
    return _custom(kit, name, values).current(VariableOption(selected=True, text=words, value=value))


def _custom(kit: Kit, name: str, values: Mapping[str, str]) -> CustomVariable:
    """Return a choice of fixed values; a comma or colon in words would end an option."""
    return (
        CustomVariable(name)
        .label(kit.words(f"variables.{name}"))
        .values(",".join(f"{words} : {value}" for value, words in values.items()))
        .options(_options(values))
        .allow_custom_value(False)
    )


def _options(values: Mapping[str, str]) -> list[VariableOption]:
    """Return the options as a list of Grafana's."""
    return [VariableOption(selected=False, text=words, value=value) for value, words in values.items()]
