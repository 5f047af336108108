"""The run of the alert role, without a broker and a database: what is stored at once is bounded."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

import pytest

import duls.app.alert_run
import duls.pipelines.deaf_watch
from duls.app.alert_run import AlertRun, Lane, RunParts
from duls.errors import ServiceAwayError
from duls.metrics import Metrics
from sinks.overload_parts import OverloadFlush
from streams.alert_streams import StreamMessage
from tests.duls.pipelines.alert_world import SECOND_US, START_US, MemoryStore, city, counts, keeper

ZONES = 30
MOST = 100
SECONDS = 40


class SlowStore:
    """Takes a while for each flush."""

    def __init__(self, store: MemoryStore) -> None:
        self.events: list[int] = []
        self._store = store

    def flush(self, parts: OverloadFlush) -> None:
        """Keep a flush."""
        time.sleep(0.02)
        self.events.append(len(parts.events))
        self._store.flush(parts)


def parts_of(store: SlowStore, end_of: Callable[[str], int] = {}.__getitem__) -> RunParts:
    """Return what a run works with; what a broker would be asked for, but for ends of topics, is not there."""
    nothing = cast("Any", None)
    lane = Lane("store")
    return RunParts(
        store=cast("Any", store),
        store_lane=lane,
        world=nothing,
        world_lane=lane,
        actions=nothing,
        action_lane=lane,
        action_topic_id=UUID(int=1),
        end_of=end_of,
        hearing_lane=lane,
        state_producer=nothing,
        state_topic="",
        tellers=(),
        may_speak=lambda: False,
        metrics=Metrics(version="0", clock=time.time),
        feed_lost_s=45.0,
    )


def storm_message(second: int) -> StreamMessage:
    """Return counts by which every zone changes."""
    load = {f"z{number}": 12 if (second + number) % 2 else 1 for number in range(ZONES)}
    return StreamMessage(second, START_US + second * SECOND_US, counts(second, load))


def test_what_is_read_waits_for_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much was missed, a flush has not more than a little; nothing is left out."""
    monkeypatch.setattr(duls.app.alert_run, "MOST_UNSTORED", MOST)
    memory = MemoryStore()
    store = SlowStore(memory)
    keeping = keeper(memory, city(ZONES, raise_s=0, clear_s=0))

    async def read() -> None:
        """Take everything in as fast as it may be, beside the loop that stores."""
        run = AlertRun(parts_of(store), keeping)
        storing = asyncio.ensure_future(run._flush_loop())
        for second in range(SECONDS):
            await run._on_counts(storm_message(second))
        await run._finish([storing, storing])

    asyncio.run(read())

    assert max(store.events) <= MOST + 2 * ZONES
    assert len(store.events) > 5
    assert ZONES * SECONDS // 2 == len(memory.alerts)


MOST_LOOKS = 30


class Offsets:
    """Next offsets of a topic, one for each look; the last one stays."""

    def __init__(self, *offsets: int) -> None:
        self.looks = 0
        self._offsets = offsets

    def __call__(self) -> dict[str, int]:
        """Return the next one."""
        self.looks += 1
        return {"t": self._offsets[min(self.looks, len(self._offsets)) - 1]}


@pytest.fixture
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once."""
    monkeypatch.setattr(duls.app.alert_run, "EVERY_S", 0.0)
    monkeypatch.setattr(duls.pipelines.deaf_watch, "EVERY_S", 0.0)


def hear(offsets: Offsets, end: int) -> AlertRun:
    """Look until nothing is heard of a topic that goes on, or many times; return the run."""

    def end_of(_topic: str) -> int:
        run._is_ending = offsets.looks >= MOST_LOOKS
        return end

    run = AlertRun(parts_of(SlowStore(MemoryStore()), end_of), keeper(MemoryStore(), city(1)))
    asyncio.run(run._hear_loop(offsets))
    return run


@pytest.mark.usefixtures("_often")
def test_a_topic_that_goes_on_unheard_ends_the_run() -> None:
    """At the third look: it was silent twice, and held messages at the first of these."""
    offsets = Offsets(3, 5, 5)

    assert hear(offsets, end=6)._is_deaf
    assert 4 == offsets.looks


@pytest.mark.usefixtures("_often")
def test_silence_at_the_end_is_no_deafness() -> None:
    """However long it lasts."""
    offsets = Offsets(6)

    assert not hear(offsets, end=6)._is_deaf
    assert MOST_LOOKS == offsets.looks


@pytest.mark.usefixtures("_often")
def test_slow_reading_is_no_deafness() -> None:
    """However far behind, and silent at every other look."""
    offsets = Offsets(*(look // 2 for look in range(MOST_LOOKS + 2)))

    assert not hear(offsets, end=1_000)._is_deaf
    assert MOST_LOOKS <= offsets.looks


def test_deaf_streams_that_do_not_end_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stands still may do so for ever."""
    monkeypatch.setattr(duls.app.alert_run, "STOP_DEAF_S", 0.01)
    run = AlertRun(parts_of(SlowStore(MemoryStore())), keeper(MemoryStore(), city(1)))
    run._is_deaf = True

    class Standing:
        """Streams that never end."""

        async def stop(self) -> None:
            """Wait."""
            await asyncio.Event().wait()

    with pytest.raises(ServiceAwayError, match="did not end"):
        asyncio.run(run._end(cast("Any", Standing())))
