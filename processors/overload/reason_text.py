"""A reason in words, Dutch or English: short sentences for a screen that is read from three metres."""

from collections.abc import Mapping
from math import floor
from typing import Final, Literal, NamedTuple

from processors.overload.reason import Reason
from processors.overload.rules import Measure

Language = Literal["nl", "en"]


class _Words(NamedTuple):
    """The words of one language; every class that is named has three vehicles or more."""

    vehicle: str
    vehicles: str
    counted: Mapping[Measure, str]
    percent: str
    joined: str
    classes: Mapping[str, str]
    inflow: str
    usually: str
    silent: str
    zero_emission: str
    neighbours: str


_WORDS: Final[Mapping[Language, _Words]] = {
    "nl": _Words(
        vehicle="voertuig",
        vehicles="voertuigen",
        counted={
            Measure.PRESENT: "{value} {vehicles} aanwezig bij een capaciteit van {capacity}",
            Measure.PRESENT_AND_SILENT: "{value} {vehicles} aanwezig of stilgevallen bij een capaciteit van {capacity}",
            Measure.ENTRIES_PER_SLOT: "{value} {vehicles} binnengekomen in een tijdvak bij een maximum van {capacity}",
        },
        percent=" ({pct}%)",
        joined=" en ",
        classes={
            "M1": "personenauto's",
            "M2": "kleine bussen",
            "M3": "grote bussen",
            "N1": "bestelauto's",
            "N2": "lichte vrachtauto's",
            "N3": "zware vrachtauto's",
            "L": "lichte voertuigen",
            "other": "andere voertuigen",
            "unknown": "voertuigen van onbekende klasse",
        },
        inflow="Instroom {rate:.0f} per uur",
        usually=", gewoonlijk {usual:.0f}",
        silent="{silent} stilgevallen, geparkeerd of aan het lossen",
        zero_emission="{pct}% zonder uitstoot",
        neighbours="Ook vol: {names}",
    ),
    "en": _Words(
        vehicle="vehicle",
        vehicles="vehicles",
        counted={
            Measure.PRESENT: "{value} {vehicles} present, capacity {capacity}",
            Measure.PRESENT_AND_SILENT: "{value} {vehicles} present or fallen silent, capacity {capacity}",
            Measure.ENTRIES_PER_SLOT: "{value} {vehicles} came in within a slot, at most {capacity} allowed",
        },
        percent=" ({pct}%)",
        joined=" and ",
        classes={
            "M1": "cars",
            "M2": "small buses",
            "M3": "large buses",
            "N1": "vans",
            "N2": "light trucks",
            "N3": "heavy trucks",
            "L": "light vehicles",
            "other": "other vehicles",
            "unknown": "vehicles of unknown class",
        },
        inflow="Inflow {rate:.0f} an hour",
        usually=", usually {usual:.0f}",
        silent="{silent} fallen silent, parked or unloading",
        zero_emission="{pct}% without emission",
        neighbours="Also full: {names}",
    ),
}


def sentence(reason: Reason, language: Language) -> str:
    """Return the reason as one to five short sentences; what is not known is left out."""
    words = _WORDS[language]
    parts = [_count(reason, words)]
    if reason.entries_per_h is not None:
        usual = reason.usual_entries_per_h
        end = "" if usual is None else words.usually.format(usual=usual)
        parts.append(words.inflow.format(rate=reason.entries_per_h) + end)
    if reason.silent:
        parts.append(words.silent.format(silent=reason.silent))
    if reason.zero_emission_pct is not None:
        parts.append(words.zero_emission.format(pct=_nearest(reason.zero_emission_pct)))
    if reason.full_neighbours:
        names = [
            f"{near.name}{words.percent.format(pct=_nearest(near.pct))}" for near in reason.full_neighbours
        ]
        parts.append(words.neighbours.format(names=_listed(names, words)))
    return " ".join(f"{part}." for part in parts)


def _count(reason: Reason, words: _Words) -> str:
    """Return the count, its share of the capacity, and the classes of which it is made."""
    vehicles = words.vehicle if reason.value == 1 else words.vehicles
    text = words.counted[reason.measure].format(
        value=reason.value, vehicles=vehicles, capacity=reason.capacity
    )
    if reason.pct is not None:
        text += words.percent.format(pct=_nearest(reason.pct))
    if reason.classes:
        named = [f"{count} {words.classes[name]}" for name, count in reason.classes.items()]
        text += f": {_listed(named, words)}"
    return text


def _nearest(pct: float) -> int:
    """Return the nearest whole number, a half upwards: browsers round so, and a zone has one percentage everywhere."""
    return floor(pct + 0.5)


def _listed(parts: list[str], words: _Words) -> str:
    """Return parts with commas, and a word before the last."""
    *first, last = parts
    return f"{', '.join(first)}{words.joined}{last}" if first else last
