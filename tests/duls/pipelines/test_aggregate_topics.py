"""A source topic that another one follows: what was counted stays, and everything is counted once."""

from typing import Final

import msgspec
import pytest

from processors.vehicle_table import FOREVER_US
from processors.vocabulary import Source
from tests.duls.pipelines.aggregate_entries import (
    ANPR_ID,
    UNKNOWN_CAMERA,
    Entry,
    Seen,
    detections,
    positions,
    progress,
    topic_end,
)
from tests.duls.pipelines.aggregate_logs import BEGIN, drive, finished, one_log
from tests.duls.pipelines.aggregate_store import MemoryStore
from tests.duls.pipelines.aggregate_world import Process

ANEW: Final = b"n" * 16
OLD_END: Final = 6  # of `drive`
OTHERS: Final = [Seen(n, 100.0 + n, 100.0 + n, 2, 5.01 + 0.001 * n) for n in range(9)]
FOLLOWING: Final = [
    positions(OTHERS, topic_id=ANEW),
    progress(9, 108.0, topic_id=ANEW),
    progress(10, 900.0, topic_id=ANEW),
]
LEAKED: Final = positions(OTHERS[OLD_END:])
"""What intake has read of the new topic beyond where the old one ended, and sent as if it were of that."""


def figures_of(store: MemoryStore) -> object:
    """Return the flow cells and open visits of a database."""
    contents = store.contents()
    return contents["figures"], contents["open_visits"], contents["now"]


def test_rows_that_were_sent_as_those_of_the_old_topic_count_once() -> None:
    """As those of the new one."""
    clean = finished(one_log(*drive(OLD_END), topic_end(0), *FOLLOWING))
    leaked = finished(one_log(*drive(OLD_END), LEAKED, topic_end(0), *FOLLOWING))

    assert figures_of(clean) == figures_of(leaked)
    assert {FOREVER_US} == {
        cursor.arrival_us for (_, topic, _), cursor in leaked.cursors.items() if topic.bytes != ANEW
    }


@pytest.mark.parametrize("place", range(len(BEGIN), len(BEGIN) + 18))
def test_a_process_that_takes_over_anywhere_counts_alike(place: int) -> None:
    """By the snapshot of the one before, which holds that the old topic is over and how far its progress was."""
    logs = one_log(*drive(OLD_END), LEAKED, topic_end(0), *FOLLOWING, topic_end(0))
    whole, store = finished(logs), MemoryStore()
    first = Process(store, logs)
    first.own(0)
    first.read(place)
    first.aggregate.finish()

    second = Process(store, logs)
    second.own(0)
    second.read()
    second.aggregate.finish()

    assert whole.contents() == store.contents()


def test_letters_of_the_old_topic_name_it() -> None:
    """Detections of unregistered cameras are judged when they are taken, which the end of the topic does."""
    rows: list[Entry] = [detections([0, 1], 10.0, UNKNOWN_CAMERA), progress(2, 10.0, source=1)]

    store = finished(one_log(*rows, topic_end(Source.ANPR)))

    letters = [msgspec.json.decode(letter.value or b"") for flush in store.flushes for letter in flush.outbox]
    assert [ANPR_ID.hex()] * 2 == [letter["topic_id"] for letter in letters]
