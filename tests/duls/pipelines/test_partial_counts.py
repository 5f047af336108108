"""Partial counts: every zone once, in messages that fit."""

import msgspec
import numpy as np
import pytest

from duls.pipelines.partial_counts import (
    ENVELOPE_BYTES,
    ROWS_PER_SHARD,
    PartialCounts,
    partial_messages,
)
from duls.pipelines.zone_sums import ZoneSums
from processors.positions import NowCounts
from processors.zone_file import LONGEST_ID_BYTES
from streams.observation_messages import MAX_MESSAGE_BYTES
from tests.duls.pipelines.test_owned_partition import owned_partition


def counts(rows: int) -> NowCounts:
    """Return the counts of so many zones."""
    return NowCounts(
        np.arange(rows, dtype=np.int32),
        np.full(rows, 8, np.uint8),
        np.full(rows, 2, np.uint8),
        np.full(rows, 100_000, np.int32),
        np.full(rows, 100_000, np.int32),
    )


def zone_id(zone_no: int) -> str:
    """Return an id as long as those of neighbourhoods."""
    return f"BU{zone_no:08d}"


def messages(rows: int) -> dict[bytes, PartialCounts]:
    """Return the messages by their keys."""
    found = partial_messages(owned_partition(), 77, counts(rows), zone_id, settling=True)
    return {key: msgspec.json.decode(value, type=PartialCounts) for key, value in found}


@pytest.mark.parametrize(
    ("rows", "shards"),
    [(0, 1), (1, 1), (ROWS_PER_SHARD, 1), (ROWS_PER_SHARD + 1, 2), (3 * ROWS_PER_SHARD, 3)],
)
def test_zones_are_split_over_shards(rows: int, shards: int) -> None:
    """Each is in one; an empty partition says so too, since its last message may have said otherwise."""
    found = messages(rows)

    assert [b"4,%d" % shard for shard in range(shards)] == list(found)
    zones = [zone for counted in found.values() for zone, *_ in counted.zones]
    assert [zone_id(number) for number in range(rows)] == zones
    assert {(4, shards, 2, 5, 77, True)} == {
        (c.partition, c.shards, c.epoch, c.offset, c.as_of_us, c.settling) for c in found.values()
    }


def test_codes_are_words() -> None:
    """Whoever reads the topic has no code table."""
    assert [("BU00000000", "unknown", "unknown", 100_000, 100_000)] == messages(1)[b"4,0"].zones


def test_a_full_shard_fits_a_message() -> None:
    """With long numbers and ids as they are in the Netherlands."""
    found = partial_messages(owned_partition(), 77, counts(ROWS_PER_SHARD), zone_id, settling=False)

    assert all(len(value) <= MAX_MESSAGE_BYTES for _, value in found)


@pytest.mark.parametrize("zone_bytes", [60, 150, 2_000])
def test_rows_of_long_ids_are_split_by_their_bytes(zone_bytes: int) -> None:
    """Ids may have been stored before there was a limit; each zone is in one message, in order."""
    found = list(
        partial_messages(
            owned_partition(), 77, counts(ROWS_PER_SHARD), lambda no: f"{no:0{zone_bytes}d}", settling=False
        )
    )

    decoded = [msgspec.json.decode(value, type=PartialCounts) for _, value in found]
    assert all(len(value) <= MAX_MESSAGE_BYTES for _, value in found)
    assert [b"4,%d" % number for number in range(len(found))] == [key for key, _ in found]
    assert [(number, len(found)) for number in range(len(found))] == [(c.shard, c.shards) for c in decoded]
    assert list(range(ROWS_PER_SHARD)) == [int(zone) for c in decoded for zone, *_ in c.zones]


def test_only_long_rows_are_split() -> None:
    """Those before them stay together."""
    found = partial_messages(
        owned_partition(),
        77,
        counts(4_000),
        lambda no: f"{no:0{460 if no >= 3_000 else 10}d}",
        settling=False,
    )

    assert [2_000, 1_000, 1_000] == [
        len(msgspec.json.decode(value, type=PartialCounts).zones) for _, value in found
    ]


def test_signs_that_json_writes_longer_count_as_they_are_written() -> None:
    """A hundred quotes are two hundred bytes."""
    found = partial_messages(
        owned_partition(), 77, counts(ROWS_PER_SHARD), lambda _number: '"' * LONGEST_ID_BYTES, settling=False
    )

    assert all(len(value) <= MAX_MESSAGE_BYTES for _, value in found)


def test_the_longest_numbers_leave_room() -> None:
    """The bytes of a message that are no rows are those of eight whole numbers and their names at most."""
    longest = 2**63 - 1
    whole = PartialCounts(
        partition=longest,
        shard=longest,
        shards=longest,
        epoch=longest,
        offset=longest,
        as_of_us=longest,
        settling=False,
        zones=[],
        fms_arrival_us=longest,
        anpr_arrival_us=longest,
    )

    assert len(msgspec.json.encode(whole)) <= ENVELOPE_BYTES


def test_a_zone_that_no_message_holds_is_sent_alone() -> None:
    """It is not cut for ever; what sends it says that it is too long."""
    found = partial_messages(
        owned_partition(), 77, counts(2), lambda _number: "z" * MAX_MESSAGE_BYTES, settling=False
    )

    assert 2 == len(list(found))


def test_fewer_messages_replace_more() -> None:
    """A compacted topic keeps the last of the older ones; who reads it from the beginning heeds it no more."""
    longer = list(partial_messages(owned_partition(), 77, counts(20_000), zone_id, settling=False))
    owned = owned_partition()
    owned.read_offset += 1
    shorter = list(partial_messages(owned, 78, counts(10_000), zone_id, settling=False))
    kept = [value for key, value in longer if key not in dict(shorter)] + [value for _, value in shorter]
    sums = ZoneSums(1)

    for offset, value in enumerate(kept):
        change = sums.take(msgspec.json.decode(value, type=PartialCounts), offset)

    assert (3, 2) == (len(longer), len(shorter))
    assert 10_000 == len(change.zones)
    assert (True, 78, 1) == (sums.is_complete, sums.as_of_us, sums.read_from)
    assert () == sums.rows(zone_id(19_999))
