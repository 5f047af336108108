"""A linear programme that grows by sentences, and the extremes of what it leaves unknown; what attacks share."""

from collections.abc import Sequence

import highspy
import numpy as np
from numpy.typing import NDArray

Terms = Sequence[tuple[int, float]]
Sense = highspy.ObjSense
Status = highspy.HighsModelStatus


class Linear:
    """Unknowns that are zero or more, and what is known of them."""

    def __init__(self) -> None:
        self.columns = 0
        self._equal: list[Terms] = []
        self._sides: list[float] = []
        self._less: list[Terms] = []
        self._limits: list[float] = []
        self._known: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._made: highspy.Highs | None = None

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
        solver = self._solver()
        solver.changeColsCost(self.columns, np.arange(self.columns, dtype=np.int32), cost)
        low, high = (_optimum(solver, sense) for sense in (Sense.kMinimize, Sense.kMaximize))
        return low, high

    def _solver(self) -> highspy.Highs:
        """Return a solver that knows everything; made once, so that it goes on from its last answer."""
        if self._made is None:
            self._made = highspy.Highs()
            self._made.silent()
            assert self._made.passModel(self._programme()) == highspy.HighsStatus.kOk
        return self._made

    def _programme(self) -> highspy.HighsLp:
        """Return everything that is known as the solver takes it."""
        rows = [_merged(terms) for terms in (*self._equal, *self._less)]
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = self.columns, len(rows)
        programme.col_cost_ = np.zeros(self.columns)
        lower, upper = np.zeros(self.columns), np.full(self.columns, highspy.kHighsInf)
        for places, values in self._known:
            lower[places] = upper[places] = values
        programme.col_lower_, programme.col_upper_ = lower, upper
        programme.row_lower_ = np.array(self._sides + [-highspy.kHighsInf] * len(self._less))
        programme.row_upper_ = np.array(self._sides + self._limits)
        matrix = programme.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.cumsum([0, *map(len, rows)], dtype=np.int32)
        matrix.index_ = np.array([place for row in rows for place in row], np.int32)
        matrix.value_ = np.array([factor for row in rows for factor in row.values()])
        return programme


def _merged(terms: Terms) -> dict[int, float]:
    """Return the factor of each unknown of a sum that may name it twice."""
    merged: dict[int, float] = {}
    for place, factor in terms:
        merged[int(place)] = merged.get(int(place), 0.0) + factor
    return merged


def _optimum(solver: highspy.Highs, sense: highspy.ObjSense) -> float:
    """Return the smallest or the largest value of the cost; the latter may be infinite."""
    solver.changeObjectiveSense(sense)
    solver.run()
    if solver.getModelStatus() in (Status.kUnboundedOrInfeasible, Status.kUnknown):
        # the first is found before solving, which tells both apart; the second comes of going on from an answer
        solver.clearSolver()
        solver.setOptionValue("presolve", "off")
        solver.run()
        solver.setOptionValue("presolve", "choose")
    status = solver.getModelStatus()
    if status == Status.kUnbounded and sense == Sense.kMaximize:
        return float(np.inf)
    assert status == Status.kOptimal, solver.modelStatusToString(status)
    return float(solver.getInfo().objective_function_value)
