"""Partial zone counts: what one observation partition knows of every zone now, for whoever sums the partitions."""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from duls.pipelines.owned_partition import OwnedPartition
from processors.positions import NowCounts
from processors.vehicle_table import NEVER_US
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS, Source
from streams.observation_messages import MAX_MESSAGE_BYTES

ROWS_PER_SHARD: Final = 8_000  # about 60 bytes a row; fewer where ids are longer
ENVELOPE_BYTES: Final = 512  # more than a message has beside its rows

Row = tuple[str, str, str, int, int]
"""Zone, class, emission, present, silent."""


class PartialCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of a shard of the zones; replaces every message with the same key and a lower (epoch, offset)."""

    partition: int
    shard: int
    shards: int
    epoch: int
    offset: int
    as_of_us: int  # stream time
    settling: bool  # within five minutes after local midnight
    zones: list[Row]
    fms_arrival_us: int | None = None  # newest arrival of a position in the partition; ticks do not count
    anpr_arrival_us: int | None = None  # newest arrival of a detection in the partition


def partial_messages(
    owned: OwnedPartition, stream_us: int, now: NowCounts, zone_id: Callable[[int], str], *, settling: bool
) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of the messages that tell the counts of a partition; one even when nothing is there.

    Each has at most MAX_MESSAGE_BYTES, unless a single row has more.
    """
    rows = [
        (zone_id(zone_no), VEHICLE_CLASSES[vehicle_class], ZERO_EMISSIONS[emission], present, silent)
        for zone_no, vehicle_class, emission, present, silent in zip(
            *(column.tolist() for column in now), strict=True
        )
    ]
    shards = list(_shards(rows))
    for shard, zones in enumerate(shards):
        counts = PartialCounts(
            partition=owned.number,
            shard=shard,
            shards=len(shards),
            epoch=owned.epoch,
            offset=owned.read_offset,
            as_of_us=stream_us,
            settling=settling,
            zones=zones,
            fms_arrival_us=_arrival_us(owned, Source.FMS),
            anpr_arrival_us=_arrival_us(owned, Source.ANPR),
        )
        yield f"{owned.number},{shard}".encode(), msgspec.json.encode(counts)


def _shards(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield the rows in order, in parts that fit a message each; one part even when there are none."""
    for first in range(0, max(1, len(rows)), ROWS_PER_SHARD):
        yield from _fitting(rows[first : first + ROWS_PER_SHARD])


def _fitting(rows: list[Row]) -> Iterator[list[Row]]:
    """Yield the rows in order, halved until each part fits a message or is a single row."""
    if len(rows) <= 1 or len(msgspec.json.encode(rows)) + ENVELOPE_BYTES <= MAX_MESSAGE_BYTES:
        yield rows
        return
    middle = len(rows) // 2
    yield from _fitting(rows[:middle])
    yield from _fitting(rows[middle:])


def _arrival_us(owned: OwnedPartition, source: Source) -> int | None:
    """Return the newest arrival of a row of a source, None before the first."""
    newest_us = max(
        (clock.last_arrival_us for clock in owned.state.clocks.values() if clock.source == source),
        default=NEVER_US,
    )
    return None if newest_us == NEVER_US else newest_us
