"""Snapshots come back as they were stored, or are refused."""

import numpy as np
import pytest
from hypothesis import given, settings

from duls.errors import ReplayError
from duls.pipelines.snapshot_codec import decode_snapshot, encode_snapshot
from processors.observation_partition import Versions
from processors.snapshot import FORMAT, PartitionSnapshot, snapshot_of
from tests.duls.pipelines.aggregate_entries import Entry
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process
from tests.duls.pipelines.test_aggregate import observation_logs


def require_equal(expected: PartitionSnapshot, actual: PartitionSnapshot) -> None:
    """Compare every array, type and shape included."""
    assert expected.versions == actual.versions
    assert expected.arrays.keys() == actual.arrays.keys()
    for name, array in expected.arrays.items():
        found = actual.arrays[name]
        assert (array.dtype, array.shape) == (found.dtype, found.shape)
        # field by field: what lies between the fields of records is nobody's
        for field in array.dtype.names or [...]:
            assert array[field].tobytes() == found[field].tobytes()
        assert found.flags.writeable


@settings(max_examples=25)
@given(observation_logs())
def test_a_state_comes_back_bit_for_bit(logs: list[list[Entry]]) -> None:
    """Whatever was read."""
    process = Process(MemoryStore(), logs)
    process.own(0, 1)
    process.read()

    for owned in process.aggregate.owned.values():
        snapshot = snapshot_of(owned.state)
        require_equal(snapshot, decode_snapshot(encode_snapshot(snapshot), FORMAT))


@settings(max_examples=25)
@given(observation_logs())
def test_the_same_state_gives_the_same_bytes(logs: list[list[Entry]]) -> None:
    """Nothing of the memory of a process gets into a snapshot but the state."""
    found = []
    for filler in (0x55, 0xAA):
        process = Process(MemoryStore(), logs)
        process.own(0, 1)
        process.read()
        soiled = [np.full(size, filler, np.uint8) for size in range(64, 4_000, 8)]
        del soiled  # its memory is used again
        found.append(
            [encode_snapshot(snapshot_of(owned.state)) for owned in process.aggregate.owned.values()]
        )

    assert found[0] == found[1]


def test_empty_arrays_and_versions_come_back() -> None:
    """A state that has read nothing."""
    snapshot = PartitionSnapshot(
        Versions(3, 2, 1), {"a": np.empty((0, 3), np.uint8), "b": np.array([], "<i8")}
    )

    require_equal(snapshot, decode_snapshot(encode_snapshot(snapshot), FORMAT))


def test_another_format_is_refused() -> None:
    """With what to do about it."""
    with pytest.raises(ReplayError, match=f"format {FORMAT + 1}, this version reads {FORMAT}.*SIGTERM"):
        decode_snapshot(b"", FORMAT + 1)
