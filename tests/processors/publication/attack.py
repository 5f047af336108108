"""What anyone can learn from published figures: a linear programme over all of their sums.

The unknowns are the figures of every zone, hour and day. The attacker knows the zones, what is published, and
the laws that figures obey; nothing else. For each withheld cell the programme gives the smallest and the
largest number of vehicles, and of observations, that all of this allows.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.publication.zone_family import Family
from tests.processors.publication.city import ADDITIVE, City, Figures
from tests.processors.publication.linear import Linear

HOUR_US = 3_600_000_000
OF_PARTS = ("observations", "appearances", "disappearances")
"""Figures that add up over the parts of a zone: they are counted where the vehicle is."""


class Published(NamedTuple):
    """What everyone can read: figures of cells that are shown, by name."""

    hours: NDArray[np.bool_]
    days: NDArray[np.bool_]
    figures: Figures  # those of withheld cells are not looked at


class Interval(NamedTuple):
    """What can be said of one figure of a withheld cell."""

    zone: int
    hour: int | None  # None: the day
    figure: str
    low: float
    high: float

    @property
    def width(self) -> float:
        """Return how much room there is."""
        return self.high - self.low


class Programme:
    """The constraints of one class, emission and source on one day."""

    def __init__(self, family: Family, published: Published, *, has_visits: bool) -> None:
        self.family = family
        self.published = published
        self.zones, self.hours = published.hours.shape
        self.linear = Linear()
        self.figures = [*(ADDITIVE if has_visits else ("observations",)), "vehicles"]
        self.cells = {name: self.linear.unknowns(self.zones, self.hours) for name in self.figures}
        self.days = {name: self.linear.unknowns(self.zones) for name in self.figures}
        self.own = {
            name: self.linear.unknowns(self.zones, self.hours)
            for name in (*OF_PARTS, "vehicles")
            if name in self.cells
        }
        self.own_days = self.linear.unknowns(self.zones)
        self._sums()
        self._parts()
        self._vehicles()
        if has_visits:
            self._visits()
        self._know()

    def _sums(self) -> None:
        """Let hours add up to days; distinct vehicles do not, and are bounded by both."""
        for name in self.figures:
            for zone in range(self.zones):
                hours = [(place, 1.0) for place in self.cells[name][zone]]
                day = self.days[name][zone]
                if name == "vehicles":
                    self.linear.at_most([(day, 1.0), *((place, -1.0) for place, _ in hours)])
                    for place, _ in hours:
                        self.linear.at_most([(place, 1.0), (day, -1.0)])
                else:
                    self.linear.equal([*hours, (day, -1.0)])

    def _inside(self, zone: int) -> list[int]:
        """Return the zones next inside a zone."""
        return [int(inner) for inner in np.flatnonzero(self.family.parent == zone)]

    def _parts(self) -> None:
        """Let a zone be what lies in the zones inside it and what is its own."""
        for zone in range(self.zones):
            inside = self._inside(zone)
            for name in self.own:
                for hour in range(self.hours):
                    parts = [(self.cells[name][inner, hour], -1.0) for inner in inside]
                    if self.family.has_own[zone]:
                        parts.append((self.own[name][zone, hour], -1.0))
                    whole = (self.cells[name][zone, hour], 1.0)
                    if name != "vehicles":
                        self.linear.equal([whole, *parts])
                        continue
                    self.linear.at_most([whole, *parts])
                    for part, _ in parts:
                        self.linear.at_most([(part, 1.0), (whole[0], -1.0)])
            if "vehicles" in self.days:
                day = self.days["vehicles"]
                parts = [(day[inner], -1.0) for inner in inside]
                if self.family.has_own[zone]:
                    parts.append((self.own_days[zone], -1.0))
                self.linear.at_most([(day[zone], 1.0), *parts])
                for part, _ in parts:
                    self.linear.at_most([(part, 1.0), (day[zone], -1.0)])

    def _vehicles(self) -> None:
        """A vehicle is there by an observation."""
        pairs = [(self.cells["vehicles"], self.cells["observations"])]
        pairs += [(self.days["vehicles"], self.days["observations"])]
        pairs += [(self.own["vehicles"], self.own["observations"])]
        for vehicles, observations in pairs:
            for one, other in zip(vehicles.ravel(), observations.ravel(), strict=True):
                self.linear.at_most([(one, 1.0), (other, -1.0)])

    def _visits(self) -> None:
        """A vehicle is there by a visit of the day, a visit begins with a position, and time needs vehicles."""
        for zone in range(self.zones):
            inside = self._inside(zone)
            begun: list[tuple[int, float]] = []
            ended: list[tuple[int, float]] = []
            for hour in range(self.hours):
                at = {name: int(self.cells[name][zone, hour]) for name in self.figures}
                now = [(at["entries"], -1.0), (at["appearances"], -1.0)]
                begun += now
                self.linear.at_most([(at["vehicles"], 1.0), *begun, *ended])
                ended += [(at["exits"], 1.0), (at["disappearances"], 1.0)]
                self.linear.at_most([*begun, *ended])
                self.linear.at_most([(at["observations"], -1.0), *((place, 1.0) for place, _ in now)])
                self.linear.at_most([(at["dwell_us"], 1.0), (at["vehicles"], -1.0)])
                self._inner_less(inside, "dwell_us", hour, at)
                if inside and not self.family.has_own[zone]:
                    for name in ("entries", "exits"):
                        parts = [(int(self.cells[name][inner, hour]), -1.0) for inner in inside]
                        self.linear.at_most([(at[name], 1.0), *parts])
            total = [(int(self.days[name][zone]), -1.0) for name in ("entries", "appearances")]
            self.linear.at_most([(int(self.days["vehicles"][zone]), 1.0), *total])

    def _inner_less(self, inside: list[int], name: str, hour: int, at: dict[str, int]) -> None:
        """Let a zone have at least what the zones inside it have together."""
        self.linear.at_most(
            [*((int(self.cells[name][inner, hour]), 1.0) for inner in inside), (at[name], -1.0)]
        )

    def _know(self) -> None:
        """Let published figures be what they are; time is in hours, so that numbers are of one size."""
        for name in self.figures:
            unit = HOUR_US if name == "dwell_us" else 1.0
            shown, shown_days = self.published.hours, self.published.days
            told = self.published.figures
            self.linear.know(self.cells[name][shown], told.hours[name][shown] / unit)
            self.linear.know(self.days[name][shown_days], told.days[name][shown_days] / unit)

    def intervals(self, cells: list[tuple[int, int | None]] | None = None) -> Iterator[Interval]:
        """Give what can be said of withheld cells: all of them, or those given as (zone, hour or None)."""
        for zone, hour in self.withheld() if cells is None else cells:
            for name in ("vehicles", "observations"):
                place = int(self.days[name][zone] if hour is None else self.cells[name][zone, hour])
                yield Interval(zone, hour, name, *self.linear.extremes(place))

    def withheld(self) -> list[tuple[int, int | None]]:
        """Return the withheld cells."""
        days: list[tuple[int, int | None]] = [
            (int(zone), None) for zone in np.flatnonzero(~self.published.days)
        ]
        return days + [(int(zone), int(hour)) for zone, hour in np.argwhere(~self.published.hours)]


def narrow(city: City, published: Published, k: int) -> list[Interval]:
    """Return what the attack finds: withheld cells that are known to within *k*."""
    programme = Programme(city.family, published, has_visits=city.has_visits)
    return [found for found in programme.intervals() if found.width <= k + 1e-6]
