"""The run of the alert role, without a broker and a database: what is stored at once is bounded."""

import asyncio
import time
from typing import Any, cast
from uuid import UUID

import pytest

import duls.app.alert_run
from duls.app.alert_run import AlertRun, Lane, RunParts
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


def parts_of(store: SlowStore) -> RunParts:
    """Return what a run works with; what a broker would be asked for is not there."""
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
