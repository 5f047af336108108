"""Secondary suppression: withhold further cells until no total betrays one that is withheld.

Cells that must not be shown by themselves are withheld first. Then each withheld cell is held to the bound of
`protection`, and to what vehicles, begun visits and time inside tell; where one fails, the smallest cell that
helps is withheld too, until all hold. Withholding more never ends a search, so it comes to an end.

A zone inside a withheld one is withheld as well, and so are the hours of a withheld day: what is shown says
nothing of what is not by being a part of it.
"""

import numpy as np

from processors.columns import Int64Array
from processors.jit import inner_kernel, kernel
from processors.publication.day_figures import DayFigures, Shown
from processors.publication.protection import Totals, day_room, follow_shown, hour_room, new_totals
from processors.publication.table_flow import NOBODY
from processors.publication.zone_family import Family
from processors.units import HOUR_US


def primary(figures: DayFigures) -> Shown:
    """Return what may be shown if no total betrayed anything."""
    return Shown(figures.is_safe & figures.is_day_safe[:, None], figures.is_day_safe.copy())


def withhold(figures: DayFigures, family: Family, *, k: int, has_visits: bool) -> Shown:
    """Return what may be shown of the figures of a family of zones.

    Args:
        figures: The true figures.
        family: Its zones, in the order of the figures.
        k: Distinct vehicles that a cell must have, and what every withheld cell must have more room than.
        has_visits: Whether vehicles are counted through visits (positions); detections have none.
    """
    shown = primary(figures)
    if not shown.days.any():
        return shown
    totals = new_totals(family, _own(figures.observations, family))
    _withhold(totals, figures, shown, k, has_visits)
    return shown


def _own(observations: Int64Array, family: Family) -> Int64Array:
    """Return the observations of each zone that are in no zone inside it."""
    own = observations.copy()
    inner = family.parent >= 0
    np.subtract.at(own, family.parent[inner], observations[inner])
    # hand-drawn borders: what zones inside share is in both, and a part may lie outside
    return np.where(family.has_own[:, None], np.maximum(own, 0), 0)


@kernel
def _withhold(
    totals: Totals, figures: DayFigures, shown: Shown, k: int, has_visits: bool
) -> None:  # a kernel
    """Withhold until everything that is withheld is protected."""
    _settle(totals, figures, shown, k, has_visits)
    is_done = False
    while not is_done:
        is_done = True
        for zone in range(shown.days.size):
            if not shown.days[zone] and _is_day_open(totals, figures, zone, k):
                _withhold_day(totals, figures, shown, zone)
                _settle(totals, figures, shown, k, has_visits)
                is_done = False
        for hour in range(shown.hours.shape[1]):
            for zone in range(shown.days.size):
                if not shown.hours[zone, hour] and _is_hour_open(totals, figures, shown, zone, hour, k):
                    _withhold_hour(totals, figures, shown, zone, hour)
                    _settle(totals, figures, shown, k, has_visits)
                    is_done = False


@kernel
def _settle(totals: Totals, figures: DayFigures, shown: Shown, k: int, has_visits: bool) -> None:  # a kernel
    """Withhold what follows from what is withheld, and let the totals follow."""
    is_done = False
    while not is_done:
        is_done = True
        _close(totals, shown)
        follow_shown(totals, shown.hours, shown.days)
        for zone in range(shown.days.size):
            if shown.days[zone] and _is_row_open(totals, figures, shown, zone, k, has_visits):
                _shrink(figures, shown, zone)
                is_done = False
                break


@inner_kernel
def _close(totals: Totals, shown: Shown) -> None:
    """Withhold the zones inside withheld ones, and the hours of withheld days."""
    for zone in range(shown.days.size):
        above = totals.parent[zone]
        if above != NOBODY:
            shown.days[zone] &= shown.days[above]
        for hour in range(shown.hours.shape[1]):
            shown.hours[zone, hour] &= shown.days[zone] and (above == NOBODY or shown.hours[above, hour])


@inner_kernel
def _is_row_open(
    totals: Totals, figures: DayFigures, shown: Shown, zone: int, k: int, has_visits: bool
) -> bool:
    """Tell whether the shown day of a zone betrays its withheld hours.

    An hour has at most the vehicles of the day, those of a shown zone around it, and the visits begun. Together
    the withheld hours have the vehicles that the shown ones leave over, and any one of them must still be able
    to have none.
    """
    withheld = 0
    most = room = np.int64(0)
    left = figures.day_vehicles[zone]
    for hour in range(shown.hours.shape[1]):
        if shown.hours[zone, hour]:
            left -= figures.vehicles[zone, hour]
            continue
        withheld += 1
        cap = _most_vehicles(totals, figures, shown, zone, hour, has_visits)
        if cap <= k:
            return True
        room += cap
        most = max(most, cap)
    if withheld == 0:
        return False
    return (
        withheld == 1 or room - most < left or (has_visits and _needs_vehicles(totals, figures, shown, zone))
    )


@inner_kernel
def _most_vehicles(
    totals: Totals, figures: DayFigures, shown: Shown, zone: int, hour: int, has_visits: bool
) -> int:
    """Return what is known of the vehicles of a withheld hour of a shown day: no more than these.

    Each is in a visit that began by then and did not end before. Visits that began in withheld hours may all be
    among them, and none that ended in these; but totals of zones around may tell where appearances and
    disappearances were, so these move only between hours in which nothing is shown around.
    """
    most = figures.day_vehicles[zone]
    around = totals.table.lowest[zone, hour]
    if around != NOBODY:
        most = min(most, figures.vehicles[around, hour])
    if not has_visits:
        return most
    visits = np.int64(0)
    for other in range(shown.hours.shape[1]):
        is_shown = shown.hours[zone, other]
        is_free = around == NOBODY and totals.table.lowest[zone, other] == NOBODY
        if is_free or other <= hour:
            visits += figures.appearances[zone, other]
        if not is_free and other < hour:
            visits -= figures.disappearances[zone, other]
        if not is_shown or other < hour:
            visits += figures.entries[zone, other]
        if is_shown and other < hour:
            visits -= figures.exits[zone, other]
    return min(most, visits)


@inner_kernel
def _needs_vehicles(totals: Totals, figures: DayFigures, shown: Shown, zone: int) -> bool:
    """Tell whether the time inside in withheld hours shows that one of them has vehicles.

    The others have at most the time of their vehicles, and that of the zones around: of each hour where that is
    shown, of all withheld hours together where it is not.
    """
    dwell_us = np.int64(0)
    for hour in range(shown.hours.shape[1]):
        if not shown.hours[zone, hour]:
            dwell_us += figures.dwell_us[zone, hour]
    around = zone
    while around != NOBODY:
        alone_us = most_alone_us = together_us = most_together_us = pool_us = np.int64(0)
        for hour in range(shown.hours.shape[1]):
            if shown.hours[zone, hour]:
                continue
            cap_us = _most_vehicles(totals, figures, shown, zone, hour, True) * HOUR_US
            if totals.table.lowest[zone, hour] != NOBODY:
                left_us = _dwell_left_us(totals, figures, shown, totals.table.lowest[zone, hour], hour)
                cap_us = min(cap_us, left_us)
            if around != zone and not shown.hours[around, hour]:
                together_us += cap_us
                most_together_us = max(most_together_us, cap_us)
            else:
                alone_us += cap_us
                most_alone_us = max(most_alone_us, cap_us)
        for hour in range(shown.hours.shape[1]):
            if not shown.hours[around, hour]:
                pool_us += figures.dwell_us[around, hour]
        if dwell_us > alone_us - most_alone_us + min(together_us, pool_us):
            return True
        if dwell_us > alone_us + min(together_us - most_together_us, pool_us):
            return True
        around = totals.parent[around]
    return False


@inner_kernel
def _dwell_left_us(totals: Totals, figures: DayFigures, shown: Shown, around: int, hour: int) -> int:
    """Return the time inside a shown zone that is not inside the shown zones next inside it."""
    left_us = figures.dwell_us[around, hour]
    for inner in range(around + 1, totals.end[around]):
        if shown.hours[inner, hour] and totals.table.lowest[totals.parent[inner], hour] == around:
            left_us -= figures.dwell_us[inner, hour]
    return left_us


@inner_kernel
def _is_day_open(totals: Totals, figures: DayFigures, zone: int, k: int) -> bool:
    """Tell whether the shown days of zones betray a withheld one."""
    around = totals.lowest_day[zone]
    if around != NOBODY and figures.day_vehicles[around] <= k:
        return True
    return day_room(totals, zone) <= k


@inner_kernel
def _is_hour_open(totals: Totals, figures: DayFigures, shown: Shown, zone: int, hour: int, k: int) -> bool:
    """Tell whether what is shown betrays a withheld hour."""
    around = totals.table.lowest[zone, hour]
    if around != NOBODY:
        if figures.vehicles[around, hour] <= k:
            return True
        if not _others_hold(totals, figures, shown, zone, hour):
            return True
    return hour_room(totals, zone, hour, k) <= k


@inner_kernel
def _others_hold(totals: Totals, figures: DayFigures, shown: Shown, zone: int, hour: int) -> bool:
    """Tell whether the other withheld zones could have all vehicles that the shown zones leave over.

    A zone has at most the vehicles of all zones that fill it; each withheld one at most those of its day, and as
    many as its rest has observations.
    """
    around = totals.table.lowest[zone, hour]
    left = figures.vehicles[around, hour]
    room = np.int64(0)
    last = NOBODY
    for unit in range(around, totals.end[around]):
        if (
            shown.hours[unit, hour]
            and unit > around
            and totals.table.lowest[totals.parent[unit], hour] == around
        ):
            left -= figures.vehicles[unit, hour]
        is_other = unit < zone or unit >= totals.end[zone]
        if is_other and totals.has_own[unit] and totals.table.lowest[unit, hour] == around:
            day = totals.lowest_day[unit]
            if day != last:
                seen = np.int64(0)
                for other in range(shown.hours.shape[1]):
                    seen += totals.table.rest[day, other]
                room += seen if day == around else min(seen, figures.day_vehicles[day])
                last = day
    return room >= left


@inner_kernel
def _shrink(figures: DayFigures, shown: Shown, zone: int) -> None:
    """Withhold the smallest shown hour of a zone; where there is none, its day."""
    best = NOBODY
    for hour in range(shown.hours.shape[1]):
        if shown.hours[zone, hour] and (
            best == NOBODY or figures.vehicles[zone, hour] < figures.vehicles[zone, best]
        ):
            best = hour
    if best == NOBODY:
        shown.days[zone] = False
    else:
        shown.hours[zone, best] = False


@inner_kernel
def _withhold_day(totals: Totals, figures: DayFigures, shown: Shown, zone: int) -> None:
    """Withhold the smallest day shown beside a withheld one; where there is none, the one around both."""
    around = totals.lowest_day[zone]
    best = around
    for other in range(around + 1, totals.end[around]):
        if (
            shown.days[other]
            and totals.lowest_day[totals.parent[other]] == around
            and (best == around or figures.day_vehicles[other] < figures.day_vehicles[best])
        ):
            best = other
    shown.days[best] = False


@inner_kernel
def _withhold_hour(totals: Totals, figures: DayFigures, shown: Shown, zone: int, hour: int) -> None:
    """Withhold the smallest hour shown beside a withheld one; where there is none, the one around both.

    Where nothing is shown around it in this hour, too little is withheld in such hours: the largest zone around
    gives another one.
    """
    around = totals.table.lowest[zone, hour]
    if around == NOBODY:
        largest = totals.lowest_day[zone]
        while totals.parent[largest] != NOBODY:
            largest = totals.parent[largest]
        _shrink(figures, shown, largest)
        return
    best = around
    for other in range(around + 1, totals.end[around]):
        if (
            shown.hours[other, hour]
            and totals.table.lowest[totals.parent[other], hour] == around
            and (best == around or figures.vehicles[other, hour] < figures.vehicles[best, hour])
        ):
            best = other
    shown.hours[best, hour] = False
