"""Simulated days with scripted overloads: how many vehicles are in each zone, minute by minute.

The vehicles are those of `duls simulate`, sending once a minute; how many of them drive differs from day to day. On
top come overloads: vehicles that arrive at random during an hour or two and stay 5 to 25 minutes. Some zones have one
every week at about the same time, all have some that nothing announces.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int32Array, Int64Array
from processors.overload.plan import levels
from processors.simulation.city import SimulatedCity
from processors.simulation.positions import positions
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets

MINUTE_US: Final = 60_000_000
PRESENT_US: Final = 300_000_000
SPARE: Final = 1.5  # fleet built, of the usual one: the busiest day draws from it
DAY_SPREAD: Final = 0.10  # of the logarithm of how many drive on a day
CHOSEN: Final = (("loading_zone", 12, 24), ("smart_zone", 25, 16), ("neighbourhood", 80, 20))
"""Kind, smallest usual peak and number of the zones."""

CAPACITY_ABOVE_PEAK: Final = 1.2  # of the 95 % largest peak of ordinary workdays
WEEKLY_ZONES: Final = 0.25
WEEKLY_CHANCE: Final = 0.85
SUDDEN_CHANCE: Final = 0.08  # per zone and day but Sundays
STAY_MIN: Final = (5.0, 25.0)


class Scripted(NamedTuple):
    """One overload that was put in."""

    zone: int
    day: int
    start_minute: float  # of the day
    length_min: float
    peak: float  # count aimed at, of the capacity
    is_weekly: bool


class OverloadDays(NamedTuple):
    """What happened in the chosen zones."""

    counts: Int64Array  # shape (minutes, zones)
    day_starts: Int64Array  # first minute of each day, and the end
    kinds: list[str]
    capacity: Int64Array  # shape (zones,)
    scripted: list[Scripted]
    first_us: int  # local midnight before the first minute


def simulate_days(
    seed: int, *, first_day: int, days: int, vehicles: int, training_days: int, midnights_us: Int64Array
) -> OverloadDays:
    """Return simulated days; equal arguments give equal days.

    Capacities come from the ordinary workdays among the first *training_days*.
    """
    rng = np.random.default_rng(seed)
    city = SimulatedCity.build(seed, vehicles=int(vehicles * SPARE), midnights_us=midnights_us)
    drivers = np.minimum(vehicles * np.exp(rng.normal(0.0, DAY_SPREAD, days)), vehicles * SPARE).astype(int)
    per_day = list(_daily_counts(city, first_day, drivers, midnights_us))
    peaks = np.array([counts.max(axis=0) for counts in per_day])
    chosen = _chosen_zones(city, np.median(peaks[:training_days], axis=0), rng)
    workdays = [day for day in range(training_days) if (first_day + day + 3) % 7 < 5]
    usual_peaks = np.percentile(peaks[np.ix_(workdays, chosen)], 95, axis=0)
    capacity = np.ceil(CAPACITY_ABOVE_PEAK * usual_peaks).astype(np.int64)
    counts = np.concatenate(per_day)[:, chosen]
    day_starts = np.cumsum([0] + [day.shape[0] for day in per_day])
    scripted = list(_script(rng, len(chosen), first_day, days))
    for overload in scripted:
        begin, end = day_starts[overload.day], day_starts[overload.day + 1]
        zone = overload.zone
        counts[begin:end, zone] += _extra(rng, counts[begin:end, zone], capacity[zone], overload)
    kinds = [city.zones[zone].kind for zone in chosen]
    return OverloadDays(counts, day_starts, kinds, capacity, scripted, int(midnights_us[first_day]))


def raise_levels(capacity: Int64Array) -> Int64Array:
    """Return from which count each zone is too full, by the defaults of rules."""
    return np.array([levels(int(allowed), raise_pct=90, clear_pct=80)[0] for allowed in capacity])


def _daily_counts(
    city: SimulatedCity, first_day: int, drivers: Int64Array, midnights_us: Int64Array
) -> Iterator[Int64Array]:
    """Yield the vehicles present in each zone at the end of every minute of a day, shape (minutes, zones)."""
    zone_sets = ZoneSets()
    indexed = [IndexedZone(number, zone.polygons) for number, zone in enumerate(city.zones)]
    index = build_zone_index(indexed, zone_sets)
    for day, driving in enumerate(drivers.tolist(), start=first_day):
        start_us, end_us = int(midnights_us[day]), int(midnights_us[day + 1])
        place: Int32Array = np.zeros(driving, np.int32)
        seen_us = np.full(driving, start_us - PRESENT_US)
        minutes = []
        batches = positions(city, start_us, end_us, 60.0, window_s=60.0, vehicles=range(driving))
        for minute, rows in enumerate(batches, start=1):
            place[rows.vehicle] = lookup(
                index, zone_sets, rows.lon, rows.lat
            )  # in order of time: the last stays
            seen_us[rows.vehicle] = rows.event_us
            is_present = start_us + minute * MINUTE_US - seen_us < PRESENT_US
            minutes.append(np.bincount(place[is_present]))
        yield _by_zone(minutes, zone_sets, len(city.zones))


def _by_zone(minutes: list[Int64Array], zone_sets: ZoneSets, zones: int) -> Int64Array:
    """Turn counts by zone set into counts by zone."""
    by_set = np.zeros((len(minutes), len(zone_sets)), np.int64)
    for minute, counts in enumerate(minutes):
        by_set[minute, : counts.size] = counts
    member = np.zeros((len(zone_sets), zones), np.int64)
    for number in range(len(zone_sets)):
        member[number, list(zone_sets.zones_of(number))] = 1
    return by_set @ member


def _chosen_zones(city: SimulatedCity, usual_peak: Float64Array, rng: np.random.Generator) -> list[int]:
    """Draw zones of each kind that are busy enough to have a capacity."""
    chosen: list[int] = []
    for kind, least, number in CHOSEN:
        busy = [
            place for place, zone in enumerate(city.zones) if zone.kind == kind and usual_peak[place] >= least
        ]
        chosen += rng.choice(busy, min(number, len(busy)), replace=False).tolist()
    return chosen


def _script(rng: np.random.Generator, zones: int, first_day: int, days: int) -> Iterator[Scripted]:
    """Draw the overloads day by day."""
    weekly = {
        zone: (int(rng.integers(0, 5)), float(rng.uniform(480, 900)))
        for zone in range(zones)
        if rng.random() < WEEKLY_ZONES
    }
    for day in range(days):
        weekday = (first_day + day + 3) % 7
        for zone in range(zones):
            usual_day, minute = weekly.get(zone, (-1, 0.0))
            if weekday == usual_day:
                if rng.random() < WEEKLY_CHANCE:
                    start = minute + float(rng.normal(0.0, 9.0))
                    yield Scripted(
                        zone, day, start, float(rng.uniform(60, 110)), float(rng.uniform(1.0, 1.3)), True
                    )
            elif weekday < 6 and rng.random() < SUDDEN_CHANCE:
                start = float(rng.uniform(480, 960))
                yield Scripted(
                    zone, day, start, float(rng.uniform(45, 120)), float(rng.uniform(0.95, 1.4)), False
                )


def _extra(rng: np.random.Generator, counts: Int64Array, capacity: int, overload: Scripted) -> Int64Array:
    """Return the vehicles that an overload adds, minute by minute of its day."""
    start, end = overload.start_minute, overload.start_minute + overload.length_min
    missing = max(2.0, overload.peak * capacity - float(np.median(counts[int(start) : int(end)])))
    arrivals = rng.poisson(missing / (sum(STAY_MIN) / 2.0) * overload.length_min)
    came = rng.uniform(start, end, arrivals)
    left = came + rng.uniform(*STAY_MIN, arrivals)
    change = np.bincount(came.astype(int), minlength=counts.size)
    change = change - np.bincount(left.astype(int), minlength=counts.size)
    return np.cumsum(change)[: counts.size]
