"""The forecast of one alert process: it learns the counts that rules judge, and says each minute what to expect.

All of it runs on stream time. What was learned is stored in turns, each series once in an hour and all of them at the
end, so that a process that is killed loses an hour of learning at most.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Float64Array, Int64Array
from processors.overload.count_minutes import CountMinutes
from processors.overload.engine import Outlook
from processors.overload.forecast import (
    BINS,
    HORIZONS,
    STEP_US,
    ForecastState,
    Outlooks,
    at_rows,
    learn,
    new_forecasts,
    outlooks,
    with_series,
)
from processors.overload.plan import Counted, Limit, ZonePlan, series_name
from sinks.overload_parts import ForecastRow, GoneForecast

TURNS: Final = 12  # steps in which every series is stored once
MOST_AT_END: Final = 2_000  # series stored at the end: 28 MB
QUARTER_HOUR: Final = 2  # index of the horizon
HALF_HOUR: Final = 5
DIGITS: Final = 3


class _Asked(NamedTuple):
    """A limit that somebody wants to know the forecast of."""

    zone_id: str
    limit: Limit
    row: int


class AlertForecast:
    """What is known of the counts of the zones of one process.

    Args:
        midnights_us: as in `processors.calendar`.
        stored: what was learned before.
        shard_of: shard of a zone.
    """

    def __init__(
        self, midnights_us: Int64Array, stored: Sequence[ForecastRow], shard_of: Callable[[str], int]
    ) -> None:
        self._midnights_us = midnights_us
        self._shard_of = shard_of
        self._minutes = CountMinutes()
        self._state = new_forecasts(len(stored))
        self._keys: list[tuple[str, str]] = []  # zone and series of each row
        self._rows: dict[str, dict[str, int]] = defaultdict(dict)  # by zone and series
        self._names: dict[Counted, str] = {}
        self._learned_us: list[int] = []
        self._unstored: set[int] = set()
        self._due: set[int] = set()
        self._gone: list[GoneForecast] = []
        for row in stored:
            self._restore(row)

    def note(self, zone_id: str, limits: Sequence[Limit], counts: Sequence[int | None], now_us: int) -> None:
        """Take in the counts of a zone, one for each limit; of what no limit is about nothing is known."""
        rows = self._rows[zone_id]
        noted = set()
        for limit, value in zip(limits, counts, strict=True):
            name = self._name(limit)
            row = rows.get(name)
            if row is None:
                row = self._add(zone_id, name)
            self._minutes.note(row, value, now_us)
            noted.add(row)
        if len(noted) < len(rows):
            for row in set(rows.values()) - noted:
                self._minutes.note(row, None, now_us)

    def close_minute(self, now_us: int) -> bool:
        """End the running minute where it is over; return whether it was: then there are new outlooks."""
        end_us = self._minutes.end_us
        if not self._minutes.close(now_us):
            return False
        if end_us % STEP_US == 0:
            self._learn(end_us)
        return True

    def outlooks(self, plans: Iterable[ZonePlan], now_us: int) -> dict[str, dict[str, Outlook]]:
        """Return what to expect, by zone and rule; nothing of what is not known."""
        asked = [
            _Asked(plan.zone_id, limit, self._rows[plan.zone_id][self._name(limit)])
            for plan in plans
            for limit in plan.limits
            if limit.rising_pct is not None and self._name(limit) in self._rows[plan.zone_id]
        ]
        if not asked:
            return {}
        rows = np.array([one.row for one in asked])
        levels = np.array([one.limit.raise_at for one in asked], np.float64)
        counts = self._minutes.means()[rows]
        found = outlooks(at_rows(self._state, rows), counts, levels, now_us, self._midnights_us)
        return _by_zone(asked, counts, found)

    def forget_others(self, asked: Mapping[str, frozenset[Counted]]) -> None:
        """Forget every series that no rule asks of any zone now; *asked* by zone."""
        wanted = {(zone_id, self._named(counted)) for zone_id, found in asked.items() for counted in found}
        kept = [row for row, key in enumerate(self._keys) if key in wanted]
        if len(kept) == len(self._keys):
            return
        self._gone += [GoneForecast(*key) for key in self._keys if key not in wanted]
        places = {row: place for place, row in enumerate(kept)}
        self._state = at_rows(self._state, np.array(kept, np.int64))
        self._minutes.keep(kept)
        self._keys = [self._keys[row] for row in kept]
        self._learned_us = [self._learned_us[row] for row in kept]
        self._unstored = {places[row] for row in self._unstored if row in places}
        self._due = {places[row] for row in self._due if row in places}
        self._rows = defaultdict(dict)
        for row, (zone_id, name) in enumerate(self._keys):
            self._rows[zone_id][name] = row

    @property
    def has_news(self) -> bool:
        """Tell whether it is some series' turn to be stored."""
        return bool(self._due or self._gone)

    def finish(self) -> None:
        """Let everything be stored that was learned since it was stored last, for nothing more is learned here."""
        self._due.update(sorted(self._unstored)[:MOST_AT_END])

    def drain(self) -> tuple[list[ForecastRow], list[GoneForecast]]:
        """Return what is to be stored now and what is to be removed, and forget that it is."""
        rows = [self._stored_row(row) for row in sorted(self._due)]
        gone = self._gone
        self._unstored -= self._due
        self._due, self._gone = set(), []
        return rows, gone

    def _name(self, limit: Limit) -> str:
        """Return the name of what a limit counts."""
        return self._named((limit.measure, limit.classes))

    def _named(self, counted: Counted) -> str:
        """Return the name of a series; making it costs more than all else that is done with a count."""
        name = self._names.get(counted)
        if name is None:
            name = self._names[counted] = series_name(*counted)
        return name

    def _add(self, zone_id: str, name: str) -> int:
        """Add a series of which nothing is known."""
        row = self._minutes.add_series()
        if row >= self._state.profile.shape[0]:
            # in twos, for each time everything is copied
            self._state = with_series(self._state, max(64, 2 * row))
        self._keys.append((zone_id, name))
        self._rows[zone_id][name] = row
        self._learned_us.append(0)
        return row

    def _restore(self, stored: ForecastRow) -> None:
        """Take in a series as it was stored."""
        row = self._add(stored.zone_id, stored.series)
        self._state.profile[row] = np.frombuffer(stored.profile, np.float64)
        self._state.weeks[row] = np.frombuffer(stored.weeks, np.float64)
        self._state.errors[row] = np.frombuffer(stored.errors, np.float64).reshape(HORIZONS, BINS)
        self._learned_us[row] = stored.learned_us

    def _learn(self, end_us: int) -> None:
        """Learn the step that has ended, apart from series that learned it in a process before this one."""
        count = len(self._keys)
        is_new = np.array([learned_us < end_us for learned_us in self._learned_us], np.bool_)
        means = self._padded(np.where(is_new, self._minutes.means(), np.nan))
        peaks = self._padded(np.where(is_new, self._minutes.peaks(), np.nan))
        learn(self._state, means, peaks, end_us, self._midnights_us)
        turn = end_us // STEP_US % TURNS
        for row in np.flatnonzero(np.isfinite(means[:count])).tolist():
            self._learned_us[row] = end_us
            self._unstored.add(row)
            if row % TURNS == turn:
                self._due.add(row)

    def _padded(self, values: Float64Array) -> Float64Array:
        """Return values of all rows that there is room for."""
        room = self._state.profile.shape[0] - values.size
        return np.concatenate((values, np.full(room, np.nan)))

    def _stored_row(self, row: int) -> ForecastRow:
        """Return a series as it is stored."""
        zone_id, name = self._keys[row]
        state: ForecastState = self._state
        return ForecastRow(
            zone_id,
            name,
            self._shard_of(zone_id),
            self._learned_us[row],
            state.profile[row].tobytes(),
            state.weeks[row].tobytes(),
            state.errors[row].tobytes(),
        )


def _by_zone(asked: Sequence[_Asked], counts: Float64Array, found: Outlooks) -> dict[str, dict[str, Outlook]]:
    """Return outlooks by zone and rule."""
    result: dict[str, dict[str, Outlook]] = defaultdict(dict)
    for place in np.flatnonzero(np.isfinite(counts)).tolist():
        early, late = found.probability[place, QUARTER_HOUR], found.probability[place, HALF_HOUR]
        expected_us = int(found.expected_us[place])
        outlook = Outlook(
            round(float(early), DIGITS), round(float(late), DIGITS), None if expected_us < 0 else expected_us
        )
        result[asked[place].zone_id][asked[place].limit.rule_id] = outlook
    return dict(result)
