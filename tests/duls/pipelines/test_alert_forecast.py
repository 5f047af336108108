"""Zones that are rising: what was learned says when they will be too full, also in the process that comes after."""

import random
from collections.abc import Iterable
from functools import cache

import msgspec
import numpy as np

from duls.pipelines.alert_city import NO_RULES, AlertCity, with_rules
from duls.pipelines.alert_keeper import AlertKeeper
from processors.overload.watch import AlertState, Watch
from sinks.overload_parts import ForecastRow
from tests.duls.pipelines.alert_world import MIDNIGHTS_US, START_US, MemoryStore, city, counts, keeper

MINUTE_S = 60
DAY_S = 86_400
DAYS = 2  # learned before the day that is looked at; all are workdays
FULL_S = DAYS * DAY_S + 8 * 3_600  # when the zone is usually full
CITY = city(2, rising_pct=50, capacity=40, raise_s=120)
QUIET, BUSY = "z0", "z1"


def load(second: int, noise: random.Random) -> int:
    """Return the load of the busy zone: ten vehicles, and fifty for an hour around the same time each day."""
    away_s = abs((second - FULL_S + DAY_S // 2) % DAY_S - DAY_S // 2)
    expected = 10 + 40 * max(0.0, 1 - max(0, away_s - 1_800) / 5_400)
    return max(0, round(noise.gauss(expected, 1.0)))


def messages(begin_s: int, end_s: int) -> Iterable[tuple[int, bytes]]:
    """Yield one message a minute, with its offset."""
    noise = random.Random(begin_s)
    for second in range(begin_s, end_s, MINUTE_S):
        yield second // MINUTE_S, counts(second, {QUIET: 1, BUSY: load(second, noise)})


def feed(keeping: AlertKeeper, store: MemoryStore, begin_s: int, end_s: int) -> None:
    """Let a keeper see a time, and store what it brings every ten minutes."""
    for offset, value in messages(begin_s, end_s):
        keeping.take(value, offset, START_US + offset * MINUTE_S * 1_000_000)
        if offset % 10 == 0:
            store.flush(keeping.flush())


@cache
def learned() -> tuple[ForecastRow, ...]:
    """Return what a keeper stores at its end after some days."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    feed(keeping, store, 0, DAYS * DAY_S)
    keeping.finish()
    store.flush(keeping.flush())
    return tuple(store.forecasts.values())


def follower(of: AlertCity = CITY) -> tuple[AlertKeeper, MemoryStore]:
    """Return a process that comes after the one that learned."""
    store = MemoryStore()
    store.forecasts = {(row.zone_id, row.series): row for row in learned()}
    return keeper(store, of, start=DAYS * DAY_S // MINUTE_S), store


def test_a_zone_that_fills_every_day_rises_before_it_is_full() -> None:
    """Known half an hour before at the earliest, with the time; and told on the topic of zones."""
    keeping, store = follower()
    begin_s, seen = DAYS * DAY_S + 4 * 3_600, {}
    feed(keeping, store, DAYS * DAY_S, begin_s)
    for offset, value in messages(begin_s, FULL_S):
        keeping.take(value, offset, START_US + offset * MINUTE_S * 1_000_000)
        watch = keeping.desk.states[BUSY].watches["full"]
        seen.setdefault(watch.state, (offset * MINUTE_S, watch))
        if watch.state is AlertState.RISING:
            (message,) = keeping.zone_messages([BUSY])
            assert ("rising", watch.probability_30) == (message.state, message.rules[0].probability_30)
    store.flush(keeping.flush())

    rising_s, rising = seen[AlertState.RISING]
    pending_s, _ = seen[AlertState.PENDING]
    assert 5 * 60 <= pending_s - rising_s <= 45 * 60
    assert rising.expected_us is not None
    expected_s = (rising.expected_us - START_US) / 1e6
    assert abs(expected_s - pending_s) < 15 * 60
    assert AlertState.NORMAL is keeping.desk.states[QUIET].watches["full"].state
    assert "rising" in {event.state_after for event in store.events}


def test_what_was_learned_is_stored_in_turns_and_wholly_at_the_end() -> None:
    """Each series at least once an hour; the profile has the hour that is full."""
    rows = {row.zone_id: row for row in learned()}

    assert {QUIET, BUSY} == rows.keys()
    profile = np.frombuffer(rows[BUSY].profile)
    assert (672,) == profile.shape
    assert 45 <= profile.max() <= 52
    assert np.frombuffer(rows[QUIET].profile).max() <= 1.0
    assert rows[BUSY].learned_us == START_US - START_US % 300_000_000 + DAYS * DAY_S * 1_000_000


def test_a_process_that_is_killed_loses_an_hour_at_most() -> None:
    """Without an end, what is stored is as old as that."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    feed(keeping, store, 0, 3 * 3_600 + 60)

    oldest_us = min(row.learned_us for row in store.forecasts.values())
    assert START_US + 7_000_000_000 <= oldest_us


def test_nothing_is_learned_twice() -> None:
    """A process that sees again what the one before it had learned and stored."""
    keeping, store = follower()
    keeping.finish()
    before = learned()
    again = AlertKeeper(
        store.claim(), 0, CITY, store.load()._replace(forecasts=before), keeping._options
    )  # reads the log again from its beginning
    for offset, value in messages(0, 2 * 3_600):
        again.take(value, offset, START_US + offset * MINUTE_S * 1_000_000)
    again.finish()

    assert [] == again.flush().forecasts


def test_counts_that_no_rule_asks_for_are_forgotten() -> None:
    """Their rows go; without any rule they stay, for those may come back."""
    keeping, store = follower(city(2, rising_pct=50, capacity=40, classes="trucks"))

    parts = keeping.flush()
    assert {(row.zone_id, row.series) for row in learned()} == set(parts.gone_forecasts)
    store.flush(parts)
    assert {} == store.forecasts
    without, _ = follower(with_rules(CITY.zones, NO_RULES, MIDNIGHTS_US))
    assert [] == without.flush().gone_forecasts


def test_a_rule_that_asks_for_no_forecast_is_never_rising() -> None:
    """The count is learned all the same, for another rule may ask."""
    keeping, store = follower(city(2, rising_pct=False, capacity=40))
    feed(keeping, store, DAYS * DAY_S, FULL_S)

    documents = [msgspec.json.decode(document, type=Watch) for document in store.watches.values()]
    assert all(watch.probability_30 is None for watch in documents)
    assert "rising" not in {event.state_after for event in store.events}
