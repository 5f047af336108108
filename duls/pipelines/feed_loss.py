"""Whether counts can be relied on: a feed that fell silent, or a stream that fell behind, is no data.

Both follow from the log alone, so that reading it again says the same. What the log cannot tell, that nothing
comes any more, is for whoever reads it.
"""

from typing import NamedTuple

from duls.pipelines.zone_sums import ZoneSums
from processors.overload.rules import Measure


class FeedLoss(NamedTuple):
    """Which feeds are lost."""

    fms: bool
    anpr: bool

    def hides(self, measure: Measure) -> bool:
        """Tell whether a count is not known for want of a feed; entries are seen by either."""
        return self.fms and (self.anpr or measure is not Measure.ENTRIES_PER_SLOT)


ALL_LOST = FeedLoss(fms=True, anpr=True)


def feed_loss(sums: ZoneSums, told_us: int, lost_us: int, *, is_event_clock: bool) -> FeedLoss:
    """Return which feeds are lost.

    Args:
        sums: what all partitions have told; they must be complete.
        told_us: when the newest message was sent.
        lost_us: how long nothing may arrive, and how far stream time may be behind.
        is_event_clock: stream time is history, so it is behind without harm.
    """
    now_us = sums.as_of_us
    if not is_event_clock and told_us - now_us > lost_us:
        return ALL_LOST
    return FeedLoss(
        fms=_is_silent(sums.fms_arrival_us, now_us, lost_us),
        anpr=_is_silent(sums.anpr_arrival_us, now_us, lost_us),
    )


def _is_silent(arrival_us: int | None, now_us: int, lost_us: int) -> bool:
    """Tell whether nothing of a feed arrived for too long."""
    return arrival_us is None or now_us - arrival_us > lost_us
