"""`duls alerts replay`: when rules would have fired over history, beside those in force."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from duls.app.alert_world import stored_rules
from duls.app.rules import rules_of_file, watched_zones
from duls.config import Settings
from duls.errors import InvalidInputError
from duls.local_midnights import local_midnights
from processors.columns import BoolArray
from processors.overload.plan import WatchedZone, is_about
from processors.overload.replay import Firing, RuleSummary, ZoneHistory, replay, summaries
from processors.overload.rules import RuleSet
from processors.units import HOUR_US, US_PER_S
from processors.vocabulary import VEHICLE_CLASSES
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.overload_figures import (
    HistoryRow,
    heard_minutes,
    hour_history,
    slot_history,
    slot_lengths,
    slots_since,
)

APPLICATION: Final = "duls alerts replay"
HOUR_S: Final = 3_600
LONGEST_DAYS: Final = 31
LONGEST_US: Final = LONGEST_DAYS * 24 * HOUR_US


class Period(NamedTuple):
    """What is replayed, in microseconds."""

    from_us: int
    to_us: int


class RuleReplay(NamedTuple):
    """One rule in one of the two sets, or in both."""

    rule: str
    present: RuleSummary | None  # None: not in force
    file: RuleSummary | None  # None: not in the file


class ReplayReport(NamedTuple):
    """What would have been."""

    bucket_s: int  # the cells that counts were made of
    buckets: int  # in which a feed was heard
    from_us: int
    to_us: int
    rules: list[RuleReplay]
    present_firings: list[Firing]
    file_firings: list[Firing]
    warnings: list[str]


def replay_rules(
    settings: Settings, period: Period, path: Path, tell: Callable[[str], None], *, now_us: int
) -> ReplayReport:
    """Run the rules of a file and those in force over the history of a period.

    Args:
        settings: of the process.
        period: what is replayed.
        path: TOML or JSON with rules.
        tell: takes a line about each step.
        now_us: time of the wall, for warnings.

    Raises:
        InvalidInputError: the file holds no rules, or the period no history of one slot length.
        ServiceAwayError: the database does not answer.
    """
    given = rules_of_file(path)
    if not 0 <= period.from_us < period.to_us <= period.from_us + LONGEST_US:
        message = f"--to must be later than --from, by {LONGEST_DAYS} days at most"
        raise InvalidInputError(message)
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        present, zones = stored_rules(connection), watched_zones(connection)
        bucket_s = _bucket_s(connection, period)
        history = _read(connection, period, bucket_s)
    asked = [zone for zone in zones if any(is_about(rule, zone) for rule in (*present.rules, *given.rules))]
    histories = history.of(asked)
    tell(f"{len(history.rows)} cells of {bucket_s} s in {len(asked)} zones")
    before = _fired(present, histories, bucket_s, "the rules in force", tell)
    after = _fired(given, histories, bucket_s, str(path), tell)
    return ReplayReport(
        bucket_s,
        int(history.is_heard.sum()),
        history.start_us,
        history.start_us + history.is_heard.size * bucket_s * US_PER_S,
        beside(summaries(present, asked, before), summaries(given, asked, after)),
        before,
        after,
        _warnings(settings, history, bucket_s, now_us),
    )


def beside(present: Sequence[RuleSummary], given: Sequence[RuleSummary]) -> list[RuleReplay]:
    """Return the lines of two rule sets beside each other, those of the file first."""
    before = {line.rule_id: line for line in present}
    after = {line.rule_id: line for line in given}
    return [RuleReplay(name, before.get(name), after.get(name)) for name in {**after, **before}]


class _History(NamedTuple):
    """The cells of a period."""

    start_us: int
    bucket_us: int
    is_heard: BoolArray  # shape (buckets,)
    rows: Sequence[HistoryRow]

    def of(self, zones: Sequence[WatchedZone]) -> list[ZoneHistory]:
        """Return the history of zones; a zone without cells was empty while a feed was heard."""
        starts_us = self.start_us + self.bucket_us * np.arange(self.is_heard.size)
        places = {zone.zone_id: place for place, zone in enumerate(zones)}
        shape = (len(zones), self.is_heard.size, len(VEHICLE_CLASSES))
        dwell_us, entries = np.zeros(shape), np.zeros(shape, np.int64)
        for row in self.rows:
            if (place := places.get(row.zone_id)) is None:
                continue
            cell = (place, (row.start_us - self.start_us) // self.bucket_us, row.vehicle_class)
            dwell_us[cell] += row.dwell_us  # detections have none
            entries[cell] = max(entries[cell], row.entries)  # two sources see the same street
        occupancy = dwell_us / self.bucket_us
        return [
            ZoneHistory(
                zone, starts_us[self.is_heard], occupancy[place, self.is_heard], entries[place, self.is_heard]
            )
            for place, zone in enumerate(zones)
        ]


def _bucket_s(connection: Connection, period: Period) -> int:
    """Return the length of the cells that hold the whole period: slots while they are kept, else hours."""
    since_us = slots_since(connection)
    if since_us is not None and period.from_us < since_us:
        return HOUR_S
    lengths = slot_lengths(connection, *period)
    if len(lengths) > 1:
        message = f"the slot length changed within the period ({lengths} s): ask for one before or after that"
        raise InvalidInputError(message)
    return lengths[0] if lengths else HOUR_S


def _read(connection: Connection, period: Period, bucket_s: int) -> _History:
    """Read the cells of a period, which is widened to whole buckets.

    A bucket counts as heard where a feed was, or where anything was counted, for minutes are kept for less long.

    Raises:
        InvalidInputError: there is nothing.
    """
    bucket_us = bucket_s * US_PER_S
    start_us = period.from_us // bucket_us * bucket_us
    end_us = -(-period.to_us // bucket_us) * bucket_us
    rows = (
        hour_history(connection, start_us, end_us)
        if bucket_s == HOUR_S
        else slot_history(connection, start_us, end_us, bucket_s)
    )
    is_heard = np.zeros((end_us - start_us) // bucket_us, np.bool_)
    heard_us = [*heard_minutes(connection, start_us, end_us), *(row.start_us for row in rows)]
    is_heard[(np.array(heard_us, np.int64) - start_us) // bucket_us] = True
    if not is_heard.any():
        message = "nothing was heard or counted in this period: is it within what `duls doctor` says is kept?"
        raise InvalidInputError(message)
    return _History(start_us, bucket_us, is_heard, rows)


def _fired(
    rules: RuleSet, histories: Sequence[ZoneHistory], bucket_s: int, name: str, tell: Callable[[str], None]
) -> list[Firing]:
    """Replay one rule set."""
    begun_s = time.monotonic()
    firings = replay(rules, histories, bucket_s, local_midnights())
    tell(f"{name}: {len(firings)} alerts, in {time.monotonic() - begun_s:.1f} s")
    return firings


def _warnings(settings: Settings, history: _History, bucket_s: int, now_us: int) -> list[str]:
    """Return what makes the answer less sure."""
    figures = settings.figures
    open_s = figures.park_gap_s + figures.allowed_lateness_s
    end_us = history.start_us + history.is_heard.size * bucket_s * US_PER_S
    found = []
    if end_us > now_us - open_s * US_PER_S:
        found.append(
            f"the last {open_s / HOUR_S:g} hours count too little: dwell is known once a vehicle moves on"
        )
    if bucket_s == HOUR_S:
        found.append("hours, since slots are not kept that long: overloads shorter than an hour are missed")
    missing = int((~history.is_heard).sum())
    if missing:
        found.append(f"{missing} of {history.is_heard.size} buckets are without data")
    return found
