"""Tests of patience: how often and how long is tried."""

import pytest

from duls.errors import ServiceAwayError
from sinks.patience import LONGEST_WAIT_S, Patience


def test_waits_grow_up_to_a_second_and_end_in_time() -> None:
    """The sum of the waits stays within the time given."""
    waits: list[float] = []
    patience = Patience(5.0, clock=lambda: sum(waits), sleep=waits.append)

    with pytest.raises(ServiceAwayError, match="reading: gave up after"):
        list(patience.attempts("reading"))

    assert waits == sorted(waits)
    assert max(waits) == LONGEST_WAIT_S
    assert 4.0 <= sum(waits) <= 5.0
