"""Columns of answers as a panel shows them: their name on screen, unit, width, states and gauges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.models.dashboard import (
    DashboardRegexMapOptions,
    DynamicConfigValue,
    RegexMap,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

from grafana.palette import AGE_COLOURS, K_COLOURS, PHASE_COLOURS, SEVERITY_COLOURS, STATE_COLOURS
from grafana.words import Words

GROUP_COLOURS: Mapping[str, Mapping[str, str]] = {
    "state": STATE_COLOURS,
    "phase": PHASE_COLOURS,
    "k_status": K_COLOURS,
    "severity": SEVERITY_COLOURS,
}


@dataclass(frozen=True)
class Column:
    """A column of an answer and how it is shown; `name` is the name in SQL."""

    name: str
    unit: str | None = None
    decimals: int | None = None
    width: int | None = None
    values: str | None = None  # words for its values: a group of `values` in the catalogue
    coloured: str | None = None  # `text` or `background`: the colour of the value's state fills it
    gauge: bool = False
    hidden: bool = False
    scheme: str | None = None  # a continuous colour scheme that fills the cell
    link: str | None = None  # a place to go on a click
    word: str | None = None  # its key in `columns` of the catalogue, where that is not its name


def override(column: Column, words: Words) -> list[DynamicConfigValue]:
    """Return the properties that make a panel show a column as it says."""
    wanted: list[tuple[str, object | None]] = [
        ("displayName", words(f"columns.{column.word or column.name}")),
        ("unit", column.unit),
        ("decimals", column.decimals),
        ("custom.width", column.width),
        ("custom.hidden", column.hidden or None),
        ("mappings", mapped_values(column.values, words) if column.values else None),
        ("custom.cellOptions", _cell(column)),
        ("color", {"mode": column.scheme} if column.scheme else None),
        ("links", [{"title": words("links.zone"), "url": column.link}] if column.link else None),
    ]
    if column.gauge:
        wanted += [("min", 0), ("max", 100)]
    return [DynamicConfigValue(name, value) for name, value in wanted if value is not None]


def mapped_values(group: str, words: Words) -> list[ValueMapping]:
    """Return words, and colours where the group has them, for the values of a column."""
    colours = GROUP_COLOURS.get(group, {})
    texts = words.group(f"values.{group}")
    results = {
        value: ValueMappingResult(text=text, color=colours.get(value), index=place)
        for place, (value, text) in enumerate(texts.items())
    }
    return [ValueMap(results)]


def ages(words: Words) -> Sequence[ValueMapping]:
    """Return how `fresh 3`, `frozen 12:03:11`, `never`, `at 12:03:14` and `settling 00:01:02` are said."""
    return [
        RegexMap(
            DashboardRegexMapOptions(
                pattern=f"/^{word} ?(.*)$/",
                result=ValueMappingResult(text=words(f"values.age.{word}"), color=colour, index=place),
            )
        )
        for place, (word, colour) in enumerate(AGE_COLOURS.items())
    ]


def _cell(column: Column) -> dict[str, object] | None:
    """Return what fills the cell of a table."""
    if column.gauge:
        return {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
    if column.coloured == "text":
        return {"type": "color-text"}
    if column.coloured == "background" or column.scheme:
        return {"type": "color-background", "mode": "basic"}
    return None
