"""A linear programme that grows by sentences, and the extremes of what it leaves unknown; what attacks share."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

Terms = Sequence[tuple[int, float]]
UNBOUNDED = 3  # what the solver says of it


class Linear:
    """Unknowns that are zero or more, and what is known of them."""

    def __init__(self) -> None:
        self.columns = 0
        self._equal: list[Terms] = []
        self._sides: list[float] = []
        self._less: list[Terms] = []
        self._limits: list[float] = []
        self._known: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._compiled: dict[str, object] | None = None

    def unknowns(self, *shape: int) -> NDArray[np.int64]:
        """Return new unknowns."""
        places = np.arange(self.columns, self.columns + int(np.prod(shape))).reshape(shape)
        self.columns += places.size
        return places

    def equal(self, terms: Terms, side: float = 0.0) -> None:
        """Let a sum be what it is known to be."""
        self._equal.append(terms)
        self._sides.append(side)

    def at_most(self, terms: Terms, limit: float = 0.0) -> None:
        """Let a sum be no more than a limit."""
        self._less.append(terms)
        self._limits.append(limit)

    def know(self, places: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        """Let unknowns be what they are known to be."""
        self._known.append((places, values))

    def extremes(self, place: int) -> tuple[float, float]:
        """Return the smallest and the largest value of an unknown."""
        cost = np.zeros(self.columns)
        cost[place] = 1.0
        return self.extremes_of(cost)

    def extremes_of(self, cost: NDArray[np.float64]) -> tuple[float, float]:
        """Return the smallest and the largest value of a sum of unknowns; infinite where nothing bounds it."""
        if self._compiled is None:
            self._compiled = self._constraints()
        low, high = (linprog(sign * cost, **self._compiled, method="highs") for sign in (1.0, -1.0))
        assert low.status == 0, low.message
        assert high.status in (0, UNBOUNDED), high.message
        return float(low.fun), np.inf if high.status == UNBOUNDED else float(-high.fun)

    def _constraints(self) -> dict[str, object]:
        """Return everything that is known as the solver takes it."""
        bounds = np.column_stack([np.zeros(self.columns), np.full(self.columns, np.inf)])
        for places, values in self._known:
            bounds[places] = values[:, None]
        return {
            "A_ub": self._matrix(self._less),
            "b_ub": np.array(self._limits) if self._less else None,
            "A_eq": self._matrix(self._equal),
            "b_eq": np.array(self._sides) if self._equal else None,
            "bounds": bounds,
        }

    def _matrix(self, rows: Sequence[Terms]) -> coo_array | None:
        """Return a sparse matrix, None of no rows."""
        if not rows:
            return None
        row = [number for number, terms in enumerate(rows) for _ in terms]
        column = [place for terms in rows for place, _ in terms]
        value = [factor for terms in rows for _, factor in terms]
        return coo_array((value, (row, column)), shape=(len(rows), self.columns))
