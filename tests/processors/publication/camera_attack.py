"""What anyone can learn from published detections: a linear programme over all of their sums.

The unknowns are the passages and vehicles of every camera and direction in every hour, and the vehicles of zones.
The attacker knows which cameras count for which zones and how, and what is published; nothing of how it was
withheld. For each withheld cell the programme gives the smallest and the largest number of vehicles, and of
passages, that all of this allows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.processors.publication.linear import Linear, Terms


class PublishedDetections(NamedTuple):
    """What everyone can read of one class and emission of a day; NaN where it is withheld.

    Zones that are left out have no rows: their figures are no cells.
    """

    movements: Sequence[Mapping[int, int]]  # of each zone that is published: what views mean for it
    hours: Mapping[str, NDArray[np.float64]]  # observations, vehicles, entries, exits; shape (zones, hours)
    days: Mapping[str, NDArray[np.float64]]  # shape (zones,)
    passages: NDArray[np.float64]  # shape (views, hours)
    view_vehicles: NDArray[np.float64]  # shape (views, hours)


class Found(NamedTuple):
    """What can be said of one figure of a withheld cell."""

    cell: tuple[str, int, int | None]  # zone or view, its number, hour (None: the day)
    figure: str
    low: float
    high: float

    @property
    def width(self) -> float:
        """Return how much room there is."""
        return self.high - self.low


class CameraProgramme:
    """The constraints of one class and emission on one day."""

    def __init__(self, published: PublishedDetections) -> None:
        self.published = published
        self.views, self.hours = published.passages.shape
        self.zones = len(published.movements)
        self.linear = Linear()
        self.passages = self.linear.unknowns(self.views, self.hours)
        self.vehicles = self.linear.unknowns(self.views, self.hours)
        self.view_days = self.linear.unknowns(self.views)  # vehicles of the day
        self.zone_vehicles = self.linear.unknowns(self.zones, self.hours)
        self.zone_days = self.linear.unknowns(self.zones)
        self._views()
        for zone in range(self.zones):
            self._zone(zone)
        self._know()

    def _views(self) -> None:
        """A vehicle passes at least once; who passes in an hour passes on the day."""
        for view in range(self.views):
            for hour in range(self.hours):
                self._at_most([self.vehicles[view, hour]], [self.passages[view, hour]])
            self._whole(self.view_days[view], self.vehicles[view])

    def _zone(self, zone: int) -> None:
        """A zone is what its views see, its entries what those see that look inward; and so by hour and day."""
        known = self.published.movements[zone]
        sums = [("observations", list(known))]
        sums += [
            (name, [view for view in known if known[view] == movement])
            for movement, name in enumerate(("entries", "exits"))
        ]
        for name, inside in sums:
            told = self.published.hours[name][zone]
            for hour in np.flatnonzero(~np.isnan(told)):
                self.linear.equal(self._terms(self.passages[inside, hour]), told[hour])
            day = self.published.days[name][zone]
            if not np.isnan(day):
                self.linear.equal(self._terms(self.passages[inside].ravel()), day)
        for hour in range(self.hours):
            self._whole(self.zone_vehicles[zone, hour], self._parts(zone, hour))
        self._whole(self.zone_days[zone], self._parts(zone, None))
        self._whole(self.zone_days[zone], self.zone_vehicles[zone])

    def _parts(self, zone: int, hour: int | None) -> NDArray[np.int64]:
        """Return the vehicles of what fills a zone: zones inside it as far as they are apart, and single views."""
        left = set(self.published.movements[zone])
        parts: list[int] = []
        smaller = sorted(range(self.zones), key=lambda other: -len(self.published.movements[other]))
        for other in smaller:
            inside = set(self.published.movements[other])
            if other != zone and inside and inside <= left and (inside != left or other > zone):
                parts.append(int(self.zone_days[other] if hour is None else self.zone_vehicles[other, hour]))
                left -= inside
        parts += [int(self.view_days[view] if hour is None else self.vehicles[view, hour]) for view in left]
        for view in set(self.published.movements[zone]) - left:  # a part of a part is a part
            place = int(self.view_days[view] if hour is None else self.vehicles[view, hour])
            whole = int(self.zone_days[zone] if hour is None else self.zone_vehicles[zone, hour])
            self._at_most([place], [whole])
        return np.array(parts, np.int64)

    def _whole(self, whole: int, parts: NDArray[np.int64]) -> None:
        """Let a number of distinct vehicles be at most its parts together, and at least each of them."""
        self._at_most([whole], parts)
        for part in parts:
            self._at_most([part], [whole])

    def _at_most(
        self, one: Sequence[int] | NDArray[np.int64], other: Sequence[int] | NDArray[np.int64]
    ) -> None:
        """Let a sum be at most another."""
        self.linear.at_most([(int(place), 1.0) for place in one] + [(int(place), -1.0) for place in other])

    @staticmethod
    def _terms(places: NDArray[np.int64]) -> Terms:
        """Return a sum."""
        return [(int(place), 1.0) for place in places]

    def _know(self) -> None:
        """Let published figures be what they are."""
        for places, told in (
            (self.passages, self.published.passages),
            (self.vehicles, self.published.view_vehicles),
            (self.zone_vehicles, self.published.hours["vehicles"]),
            (self.zone_days, self.published.days["vehicles"]),
        ):
            known = ~np.isnan(told)
            self.linear.know(places[known], told[known])

    def withheld(self) -> list[tuple[str, int, int | None]]:
        """Return the withheld cells: of zones by hour and day, of views by hour."""
        told = self.published
        cells: list[tuple[str, int, int | None]] = []
        cells += [("zone", int(zone), None) for zone in np.flatnonzero(np.isnan(told.days["observations"]))]
        cells += [
            ("zone", int(zone), int(hour)) for zone, hour in np.argwhere(np.isnan(told.hours["observations"]))
        ]
        cells += [("view", int(view), int(hour)) for view, hour in np.argwhere(np.isnan(told.passages))]
        return cells

    def found(self, cells: Sequence[tuple[str, int, int | None]] | None = None) -> Iterator[Found]:
        """Give what can be said of withheld cells: of all, or of those given."""
        for cell in self.withheld() if cells is None else cells:
            for figure, cost in self._costs(cell).items():
                yield Found(cell, figure, *self.linear.extremes_of(cost))

    def _costs(self, cell: tuple[str, int, int | None]) -> dict[str, NDArray[np.float64]]:
        """Return what to make small and large: the vehicles of a cell and its passages."""
        of, number, hour = cell
        costs = {"vehicles": np.zeros(self.linear.columns), "observations": np.zeros(self.linear.columns)}
        inside = list(self.published.movements[number]) if of == "zone" else [number]
        counted = self.passages[inside].ravel() if hour is None else self.passages[inside, hour]
        costs["observations"][counted] = 1.0
        if of == "view":
            costs["vehicles"][self.vehicles[number, hour]] = 1.0
        else:
            place = self.zone_days[number] if hour is None else self.zone_vehicles[number, hour]
            costs["vehicles"][place] = 1.0
        return costs
