"""What peers of the pipeline count in plain code is what we count, and one that counts something else has failed."""

import msgspec
import pytest

from benchmarks.city_records import build_city, encoded, simulate
from benchmarks.peer_forms import told
from benchmarks.peers import PeerFailedError, Task, check
from benchmarks.plain_zones import PlainCounts
from benchmarks.zone_slot_counts import ZoneSlotCounts


def test_plain_code_and_ours_count_the_same() -> None:
    """Shapely over single dictionaries gives the cells of decoder and zone index, over several slots."""
    city = build_city(2_000)
    rows = simulate(city, 2_000, interval_s=600.0, end_us=1_795_500_000_000_000)
    plain, ours = PlainCounts(), ZoneSlotCounts()
    for chunk in encoded(rows):
        ours.add(chunk.values)
        for value in chunk.values:
            plain.add(msgspec.json.decode(value))
    assert plain.records == ours.records == 2_000
    assert len({slot for _, slot in plain.cells}) > 1
    assert told(plain.cells) == told(ours.cells())


def test_a_peer_that_counts_something_else_has_failed() -> None:
    """Only its last line counts, and only when it is ours."""
    task = Task("topic", 3, 3, told({(1, 7): 2, (2, 7): 1}))
    check("a warning\n\n[[1,7,2],[2,7,1]]\n", task)
    for output in ("[[1,7,2],[2,7,2]]\n", "[[1,7,2],[2,7,1]]\nended by an error\n", ""):
        with pytest.raises(PeerFailedError, match="counts differ"):
            check(output, task)
