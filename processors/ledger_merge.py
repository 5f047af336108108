"""Putting ledgers of several slot lengths together, while partitions go over from one to another."""

from collections.abc import Sequence

import numpy as np

from processors.camera_counts import CameraDelta
from processors.carrier_counts import group_of, summed
from processors.columns import CarrierDelta, FlowDelta, Int64Array
from processors.feed_counts import FeedDelta, RejectionDelta
from processors.ledger import LedgerDelta
from processors.visitor_rows import merged_visitors


def merged(deltas: Sequence[LedgerDelta]) -> LedgerDelta:
    """Return one delta of hours, days, feeds and cameras; the slots are those of the first."""
    if len(deltas) == 1:
        return deltas[0]
    flows = {grain: _merged_flows([delta.flows[grain] for delta in deltas]) for grain in ("hour", "day")}
    return LedgerDelta(
        {**flows, "slot": deltas[0].flows["slot"]},
        _merged_feeds([delta.feeds for delta in deltas]),
        _merged_rejections([delta.rejections for delta in deltas]),
        _merged_cameras([delta.cameras for delta in deltas]),
        {grain: _merged_carriers([delta.carriers[grain] for delta in deltas]) for grain in ("hour", "day")},
        merged_visitors([delta.visitors for delta in deltas]),
    )


def _merged_flows(deltas: Sequence[FlowDelta]) -> FlowDelta:
    """Return one delta of flow cells of a grain."""
    keys = np.concatenate(
        [
            np.stack([d.zone_no, d.bucket, d.vehicle_class, d.zero_emission, d.source], axis=1).astype(
                np.int64
            )
            for d in deltas
        ]
    )
    unique, sums = _summed(keys, np.concatenate([delta.figures for delta in deltas]))
    return FlowDelta(
        unique[:, 0].astype(np.int32),
        unique[:, 1].copy(),
        unique[:, 2].astype(np.uint8),
        unique[:, 3].astype(np.uint8),
        unique[:, 4].astype(np.uint8),
        sums,
    )


def _merged_feeds(deltas: Sequence[FeedDelta]) -> FeedDelta:
    """Return one delta of feed counts."""
    keys = np.concatenate([np.stack([d.source.astype(np.int64), d.minute_us], axis=1) for d in deltas])
    unique, sums = _summed(keys, np.concatenate([delta.counts for delta in deltas]))
    return FeedDelta(unique[:, 0].astype(np.uint8), unique[:, 1].copy(), sums)


def _merged_rejections(deltas: Sequence[RejectionDelta]) -> RejectionDelta:
    """Return one delta of rejections."""
    keys = np.concatenate(
        [np.stack([d.source, d.minute_us, d.reason], axis=1).astype(np.int64) for d in deltas]
    )
    unique, sums = _summed(keys, np.concatenate([d[3] for d in deltas])[:, None])
    return RejectionDelta(
        unique[:, 0].astype(np.uint8), unique[:, 1].copy(), unique[:, 2].astype(np.uint8), sums[:, 0].copy()
    )


def _merged_cameras(deltas: Sequence[CameraDelta]) -> CameraDelta:
    """Return one delta of camera counts; ids go through signed halves and back, bit for bit."""
    keys = np.concatenate(
        [
            np.stack(
                [
                    d.camera_hi.view(np.int64),
                    d.camera_lo.view(np.int64),
                    *(c.astype(np.int64) for c in d[2:6]),
                ],
                axis=1,
            )
            for d in deltas
        ]
    )
    unique, sums = _summed(keys, np.concatenate([delta.counts for delta in deltas]))
    return CameraDelta(
        unique[:, 0].copy().view(np.uint64),
        unique[:, 1].copy().view(np.uint64),
        unique[:, 2].copy(),
        unique[:, 3].astype(np.uint8),
        unique[:, 4].astype(np.uint8),
        unique[:, 5].astype(np.uint8),
        sums,
    )


def _merged_carriers(deltas: Sequence[CarrierDelta]) -> CarrierDelta:
    """Return one delta of vehicles by carrier."""
    zone_no, bucket, vehicle_class, zero_emission, carrier, vehicles = (
        np.concatenate(columns).astype(np.int64) for columns in zip(*deltas, strict=True)
    )
    return summed(group_of(zone_no, vehicle_class, zero_emission), bucket, carrier, vehicles)


def _summed(keys: Int64Array, values: Int64Array) -> tuple[Int64Array, Int64Array]:
    """Return the distinct keys, ascending, and the sums of their values."""
    unique, place = np.unique(keys, axis=0, return_inverse=True)
    sums = np.zeros((unique.shape[0], values.shape[1]), np.int64)
    np.add.at(sums, place.reshape(-1), values)
    return unique, sums
