"""Noise: shares as asked, disorder within reach, nothing lost."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.simulation.noise import POISON, noise


def test_the_shares_are_about_what_was_asked() -> None:
    """Two per cent late, one per cent twice, one in a thousand poison."""
    count = 100_000
    event_us = np.arange(count) * 1_000
    noisy = noise([b"%d" % number for number in range(count)], event_us, np.random.default_rng(1))

    given_rows = noisy.source[noisy.source >= 0]
    late = (noisy.send_us[noisy.source >= 0] > event_us[given_rows]).mean()
    assert 0.027 < late < 0.033  # the repeats are late as well
    assert 900 < given_rows.size - count < 1_100
    assert 70 < (noisy.source < 0).sum() < 130


@given(
    st.lists(st.integers(0, 10_000_000), max_size=50).map(sorted),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 9),
)
def test_nothing_is_lost_and_nothing_is_later_than_reorder(
    times: list[int], disorder: float, duplicates: float, poison: float, seed: int
) -> None:
    """Each record is sent once or twice, within the reach, in the order of sending."""
    event_us = np.array(times, np.int64)
    records = [b"record %d" % number for number in range(len(times))]
    noisy = noise(
        records,
        event_us,
        np.random.default_rng(seed),
        disorder=disorder,
        duplicates=duplicates,
        poison=poison,
    )

    assert set(noisy.source[noisy.source >= 0].tolist()) == set(range(len(times)))
    assert (np.diff(noisy.send_us) >= 0).all()
    for record, send_us, source in zip(noisy.records, noisy.send_us, noisy.source, strict=True):
        if source < 0:
            assert record in POISON
        else:
            assert record == records[source]
            assert 0 <= send_us - event_us[source] < 5_000_000


def test_without_noise_records_stay_as_they_are() -> None:
    """Shares of nothing change nothing."""
    noisy = noise(
        [b"a", b"b"], np.array([1, 2]), np.random.default_rng(1), disorder=0.0, duplicates=0.0, poison=0.0
    )

    assert noisy.records == [b"a", b"b"]
