"""Rows are counted by source and minute of arrival, rejections by reason too."""

from typing import Final

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from naive_examples import T0
from processors.feed_counts import FEED_COLUMNS, FEED_COUNTS, LATE, TAKEN, count_feeds, count_outcomes
from processors.ledger import Ledger
from processors.units import MINUTE_US
from processors.vocabulary import FIRST_REJECTION, Outcome, Source
from tests.processors.position_builders import MIDNIGHTS_US

OUTCOMES: Final = [Outcome.ACCEPTED, Outcome.TOO_LATE, Outcome.NOT_JSON, Outcome.FUTURE, Outcome.TOO_LONG]
arrivals = st.one_of(st.integers(T0, T0 + 3 * MINUTE_US), st.integers(-5, 5), st.just(-(1 << 62)))
rows = st.lists(st.tuples(arrivals, st.sampled_from(OUTCOMES)), max_size=60)


def minute_of(arrival_us: int) -> int:
    """Return the minute of an arrival; what was before 1970, or never, counts in the first one."""
    return max(arrival_us // MINUTE_US, 0) * MINUTE_US


@given(rows, st.sampled_from(Source))
def test_outcomes_are_counted_by_minute_and_rejections_by_reason(
    pairs: list[tuple[int, Outcome]], source: Source
) -> None:
    """A row is accepted or rejected; too late is an accepted one that is counted late elsewhere."""
    ledger = Ledger()
    arrival_us = np.array([arrival for arrival, _ in pairs], np.int64)
    outcome = np.array([code for _, code in pairs], np.uint8)
    ledger.reserve_minutes(arrival_us)
    count_outcomes(ledger.feeds, ledger.reasons, source, arrival_us, outcome)
    delta = ledger.drain(slot_s=300, midnights_us=MIDNIGHTS_US)

    minutes = sorted({minute_of(arrival) for arrival, _ in pairs})
    is_rejected = [(minute_of(arrival), code >= FIRST_REJECTION) for arrival, code in pairs]
    expected = [
        [is_rejected.count((minute, False)), 0, is_rejected.count((minute, True)), 0, 0, 0, 0]
        for minute in minutes
    ]
    assert minutes == delta.feeds.minute_us.tolist()
    assert [source] * len(minutes) == delta.feeds.source.tolist()
    assert expected == delta.feeds.counts.tolist()

    reasons = [(minute_of(arrival), int(code)) for arrival, code in pairs if code >= FIRST_REJECTION]
    told = list(zip(delta.rejections.minute_us.tolist(), delta.rejections.reason.tolist(), strict=True))
    assert sorted(set(reasons)) == sorted(told)
    assert [reasons.count(key) for key in told] == delta.rejections.count.tolist()


def test_rows_are_counted_in_the_column_asked_for() -> None:
    """By the order of the names."""
    ledger = Ledger()
    count_feeds(ledger.feeds, Source.ANPR, np.array([T0, T0 + 1, T0 + MINUTE_US]), LATE)
    count_feeds(ledger.feeds, Source.FMS, np.array([T0]), TAKEN)
    feeds = ledger.drain(slot_s=300, midnights_us=MIDNIGHTS_US).feeds

    assert FEED_COLUMNS == len(FEED_COUNTS)
    assert [Source.FMS, Source.ANPR, Source.ANPR] == feeds.source.tolist()
    assert [T0, T0, T0 + MINUTE_US] == feeds.minute_us.tolist()
    assert [0, 2, 1] == feeds.counts[:, FEED_COUNTS.index("late")].tolist()
    assert [1, 0, 0] == feeds.counts[:, FEED_COUNTS.index("taken")].tolist()
