"""What real senders do to a stream: disorder, repeats and records that are no records."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from processors.columns import Int64Array
from processors.units import US_PER_S

DELAY_SHARE: Final = 0.9  # of `reorder_s`, so that what is delayed can still be put in order

POISON: Final = (
    b"",
    b"{",
    b"\xff\xfe\x00garbage",
    b"null",
    b"[]",
    b'"text"',
    b'{"vehicle":"NL:ZZ-123-K"}',
    b'{"vehicle":"NL:ZZ-123-K","time":"yesterday","lat":52.0,"lon":5.1}',
    b'{"vehicle":"NL:ZZ-123-K","time":"2026-11-23T07:12:15Z","lat":95.0,"lon":5.1}',
    b'{"vehicle":"NL:ZZ-123-K","time":"2026-11-23T07:12:15Z","lat":NaN,"lon":5.1}',
    b'{"vehicle":7,"time":"2026-11-23T07:12:15Z","lat":52.0,"lon":5.1}',
    b"[" * 2_000,
)
"""Records that every reader must reject with a reason."""


class NoisyRecords(NamedTuple):
    """Records in the order in which they are sent."""

    records: list[bytes]
    send_us: Int64Array  # when each is sent, microseconds since 1970 UTC: at its event time, or delayed
    source: Int64Array  # index of the record that was given; -1 for poison


def noise(
    records: Sequence[bytes],
    event_us: Int64Array,
    rng: np.random.Generator,
    *,
    disorder: float = 0.02,
    duplicates: float = 0.01,
    poison: float = 0.001,
    reorder_s: float = 5.0,
) -> NoisyRecords:
    """Delay, repeat and spoil records in the given shares.

    A share *disorder* is sent up to 0.9 `reorder_s` after its event time, a share *duplicates* a second time
    as much later, and for a share *poison* a record that must be rejected is sent as well. Nothing is lost.
    """
    count = len(records)
    reach_us = int(reorder_s * DELAY_SHARE * US_PER_S)
    delayed_us = np.where(rng.random(count) < disorder, rng.integers(0, reach_us + 1, count), 0)
    repeated = np.flatnonzero(rng.random(count) < duplicates)
    spoilt = np.flatnonzero(rng.random(count) < poison)
    source = np.concatenate((np.arange(count), repeated, np.full(spoilt.size, -1)))
    send_us = np.concatenate(
        (
            event_us + delayed_us,
            event_us[repeated] + rng.integers(0, reach_us + 1, repeated.size),
            event_us[spoilt],
        )
    )
    words = rng.integers(0, len(POISON), source.size)
    order = np.argsort(send_us, kind="stable")
    sent = [records[source[row]] if source[row] >= 0 else POISON[words[row]] for row in order]
    return NoisyRecords(sent, send_us[order], source[order])
