"""Observations per second from counts by minute."""

import pytest

from duls.api.rate_meter import WINDOW_S, RateMeter


def test_a_rate_is_what_came_over_the_window() -> None:
    """Per feed; the first look only begins the window."""
    meter = RateMeter()

    assert {} == meter.rates(0.0, {("fms", 0): 100})
    assert {"fms": 50.0} == meter.rates(2.0, {("fms", 0): 200})
    assert {"fms": pytest.approx(60.0), "anpr": pytest.approx(1.0)} == meter.rates(
        4.0, {("fms", 0): 340, ("anpr", 0): 4}
    )


def test_a_new_minute_and_one_that_went_make_no_jump() -> None:
    """Counts of a minute begin at nothing."""
    meter = RateMeter()
    meter.rates(0.0, {("fms", 0): 1_000, ("fms", 60): 50})
    meter.rates(1.0, {("fms", 60): 60})

    assert {"fms": 10.0} == meter.rates(2.0, {("fms", 60): 60, ("fms", 120): 10})


def test_what_came_before_the_window_is_forgotten() -> None:
    """A feed that stopped comes down to nothing."""
    meter = RateMeter()
    meter.rates(0.0, {("fms", 0): 0})
    meter.rates(1.0, {("fms", 0): 900})
    for second in range(2, 2 + round(WINDOW_S)):
        rates = meter.rates(float(second), {("fms", 0): 900})

    assert {"fms": 0.0} == rates
