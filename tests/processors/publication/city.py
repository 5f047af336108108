"""Simulated vehicles in a small city, and their figures counted one by one."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from processors.publication.day_figures import FIGURES_OF_HOURS, DayFigures
from processors.publication.zone_family import Family

ADDITIVE = ("observations", "entries", "exits", "appearances", "disappearances", "dwell_us")
STEP_MIN = 5  # a position every five minutes
STEPS = 60 // STEP_MIN
STEP_US = STEP_MIN * 60_000_000
OUTSIDE = -1


class Figures(NamedTuple):
    """True figures by name, of hours (zones, hours) and days (zones,)."""

    hours: dict[str, NDArray[np.int64]]
    days: dict[str, NDArray[np.int64]]


class City(NamedTuple):
    """A family of zones."""

    family: Family
    has_visits: bool = True


def family_of(parents: list[int], has_own: list[bool]) -> Family:
    """Return a family from the zone around each zone, in walking order."""
    count = len(parents)
    end = [zone + 1 for zone in range(count)]
    for zone in reversed(range(count)):
        if parents[zone] >= 0:
            end[parents[zone]] = max(end[parents[zone]], end[zone])
    return Family(
        np.arange(count, dtype=np.int32),
        np.array(parents, np.int32),
        np.array(end, np.int32),
        np.array(has_own, np.bool_),
        (),
    )


def tracks(
    rng: Generator, family: Family, vehicles: int, hours: int, *, stay: float = 0.8
) -> NDArray[np.int64]:
    """Return the zone whose own part each vehicle is in at each step, OUTSIDE: none, shape (vehicles, steps)."""
    places = np.append(np.flatnonzero(family.has_own), OUTSIDE)
    # some parts are visited a lot, some hardly: that is what withholding is about
    weights = rng.pareto(1.0, places.size) + 0.01
    weights /= weights.sum()
    steps = hours * STEPS
    where = rng.choice(places, size=(vehicles, steps), p=weights)
    moves = rng.random((vehicles, steps)) > stay
    moves[:, 0] = True
    last = np.maximum.accumulate(np.where(moves, np.arange(steps), 0), axis=1)
    where = np.take_along_axis(where, last, axis=1)
    start = rng.integers(0, steps, (vehicles, 1))
    length = rng.integers(1, steps + 1, (vehicles, 1))
    driving = (np.arange(steps) >= start) & (np.arange(steps) < start + length)
    return np.where(driving, where, OUTSIDE - 1)  # OUTSIDE - 1: no position at all


def count(family: Family, where: NDArray[np.int64]) -> Figures:
    """Count the figures of tracks by their definitions."""
    zones, steps = family.parent.size, where.shape[1]
    hours: dict[str, list[NDArray[np.int64]]] = {name: [] for name in (*ADDITIVE, "vehicles")}
    days: dict[str, list[int]] = {name: [] for name in hours}
    sent = where > OUTSIDE - 1
    for zone in range(zones):
        inside = (where >= zone) & (where < family.end[zone])
        before = np.zeros_like(inside)
        before[:, 1:] = inside[:, :-1]
        was_sent = np.zeros_like(sent)
        was_sent[:, 1:] = sent[:, :-1]
        will_send = np.zeros_like(sent)
        will_send[:, :-1] = sent[:, 1:]
        by_step = {
            "observations": inside,
            "entries": inside & ~before & was_sent,
            "appearances": inside & ~was_sent,
            "exits": sent & ~inside & before,
            "disappearances": inside & ~will_send,
        }
        for name, marks in by_step.items():
            hours[name].append(marks.sum(axis=0).reshape(-1, STEPS).sum(axis=1))
        stays = np.zeros(steps, np.int64)
        stays[:-1] = (inside[:, 1:] & inside[:, :-1]).sum(axis=0)
        hours["dwell_us"].append(stays.reshape(-1, STEPS).sum(axis=1) * STEP_US)
        hours["vehicles"].append(inside.reshape(inside.shape[0], -1, STEPS).any(axis=2).sum(axis=0))
        for name in ADDITIVE:
            days[name].append(int(hours[name][-1].sum()))
        days["vehicles"].append(int(inside.any(axis=1).sum()))
    return Figures(
        {name: np.array(rows, np.int64) for name, rows in hours.items()},
        {name: np.array(row, np.int64) for name, row in days.items()},
    )


def day_figures(figures: Figures, k: int) -> DayFigures:
    """Return figures as withholding takes them; safe by themselves are those of *k* vehicles."""
    hours, days = figures
    return DayFigures(
        *(hours[name] for name in FIGURES_OF_HOURS),
        is_safe=hours["vehicles"] >= k,
        day_vehicles=days["vehicles"],
        is_day_safe=days["vehicles"] >= k,
    )
