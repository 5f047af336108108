"""The state of the page in steps: nobody misses anything, whatever was seen before, and nobody sees too much."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from duls.api import live_state
from duls.api.live_state import WHOLE, Head, LiveState
from sinks.live_now import AlertNow, FeedNow, LiveReading, ZoneNow

PLACES = {"a": "GM0001", "b": "GM0002", "c": None}
FEED = FeedNow("fms", 1_000, 990, 995, 12, 1)
ALERT = AlertNow("b", "present", "firing", 9.0, 8, 112.5, 500, None, None, None, "waarom", "why")


def reading(
    counts: dict[str, int], *, alerts: dict[str, AlertNow] | None = None, feed: FeedNow = FEED
) -> LiveReading:
    """Return a reading with these vehicles in zones."""
    zones = {zone: ZoneNow(count, 0, 0, Raw(b'{"N1":%d}' % count)) for zone, count in counts.items()}
    return LiveReading(100, zones, [feed], {}, alerts or {})


def took(state: LiveState, taken: LiveReading, version: str = "v1", rate: float = 0.0) -> bool:
    """Let a state take a reading."""
    return state.take(taken, {"fms": rate}, Head(taken.as_of, None, False, version), PLACES)


def content(event: bytes) -> tuple[str, str, dict[str, Any]]:
    """Return id, kind and content of an event."""
    lines = dict(line.split(": ", 1) for line in event.decode().strip().split("\n"))
    return lines["id"], lines["event"], json.loads(lines["data"])


def test_a_client_that_knows_nothing_is_sent_everything() -> None:
    """With the clocks and what is told besides."""
    state = LiveState("n")
    took(state, reading({"a": 3}, alerts={"x": ALERT}), rate=12.34)

    event_id, kind, told = content(state.since(WHOLE, None))

    assert ("n-1", "state") == (event_id, kind)
    assert {"a": {"present": 3, "silent": 0, "zero_emission": 0, "classes": {"N1": 3}}} == told["zones"]
    assert 12.3 == told["feeds"]["fms"]["rate_per_s"]
    assert "why" == told["alerts"]["x"]["reason_en"]
    assert (100, None, False, "v1") == tuple(
        told[name] for name in ("as_of", "database_since", "settling", "zones_version")
    )


def test_a_client_is_sent_what_changed_since_and_what_is_gone() -> None:
    """In one message, however many steps it missed."""
    state = LiveState("n")
    took(state, reading({"a": 1, "b": 2}, alerts={"x": ALERT}))
    took(state, reading({"a": 1, "b": 3}, alerts={"x": ALERT}))
    took(state, reading({"a": 1, "c": 1}))

    event_id, kind, told = content(state.since(1, None))

    assert ("n-3", "delta") == (event_id, kind)
    assert {"b", "c"} == told["zones"].keys()
    assert told["zones"]["b"] is None
    assert {"x": None} == told["alerts"]
    assert "feeds" not in told


def test_a_reading_that_is_the_same_is_no_step() -> None:
    """Nobody is woken for it."""
    state = LiveState("n")

    assert took(state, reading({"a": 1}))
    assert not took(state, reading({"a": 1}))
    assert took(state, reading({"a": 1}), rate=5.0)
    assert 2 == state.step


def test_a_caller_sees_its_municipalities_and_all_feeds() -> None:
    """Zones and alerts of others are neither counted nor named; zones of nobody are for those who see everything."""
    state = LiveState("n")
    took(state, reading({"a": 1, "b": 2, "c": 3}, alerts={"x": ALERT}))

    _, _, told = content(state.since(WHOLE, ("GM0001",)))
    _, _, everything = content(state.since(WHOLE, None))

    assert {"a"} == told["zones"].keys()
    assert "alerts" not in told
    assert {"fms"} == told["feeds"].keys()
    assert {"a", "b", "c"} == everything["zones"].keys()


def test_other_zones_are_a_new_beginning() -> None:
    """Who sees what may have changed, so nobody goes on from before."""
    state = LiveState("n")
    took(state, reading({"a": 1}))
    took(state, reading({"a": 1}), version="v2")

    assert "state" == content(state.since(1, None))[1]


def test_clients_at_the_same_step_share_bytes() -> None:
    """Two hundred screens cost one encoding."""
    state = LiveState("n")
    took(state, reading({"a": 1}))

    assert state.since(WHOLE, None) is state.since(WHOLE, None)
    assert state.since(WHOLE, None) is not state.since(WHOLE, ("GM0001",))


def test_an_id_of_another_process_is_a_new_beginning() -> None:
    """After a restart the steps mean something else; so does nonsense."""
    state = LiveState("n")
    took(state, reading({"a": 1}))

    assert [1, WHOLE, WHOLE, WHOLE] == [state.step_of(name) for name in ("n-1", "m-1", "", "n-x")]
    assert "state" == content(state.since(state.step_of("n-99"), None))[1]


def test_a_database_that_is_away_is_told() -> None:
    """Once; the figures stay."""
    state = LiveState("n")
    took(state, reading({"a": 1}))
    away = state.head._replace(database_since=7)

    assert state.tell(away)
    assert not state.tell(away)
    _, kind, told = content(state.since(1, None))
    assert ("delta", 7) == (kind, told["database_since"])
    assert "zones" not in told


counts = st.dictionaries(st.sampled_from(sorted(PLACES)), st.integers(0, 3))


@given(st.lists(counts, min_size=1, max_size=12), st.lists(st.booleans(), min_size=12, max_size=12))
def test_however_seldom_a_client_reads_it_ends_at_the_newest_state(
    steps: list[dict[str, int]], reads: list[bool]
) -> None:
    """Also when much is forgotten meanwhile."""
    known: dict[str, int] = {}
    seen = WHOLE
    state = LiveState("n")
    before, live_state.MOST_GONE = live_state.MOST_GONE, 1  # type: ignore[misc] # a constant
    try:
        for number, step in enumerate(steps):
            took(state, reading(step))
            if reads[number] or number == len(steps) - 1:
                _, kind, told = content(state.since(seen, None))
                known = {} if kind == "state" else known
                for zone, now in told.get("zones", {}).items():
                    known.pop(zone, None)
                    if now is not None:
                        known[zone] = now["present"]
                seen = state.step
    finally:
        live_state.MOST_GONE = before  # type: ignore[misc] # a constant

    assert steps[-1] == known


def test_what_clients_make_up_is_not_kept() -> None:
    """Events are shared while a step lasts, which may be long: those of a hundred steps would fill the memory."""
    state = LiveState("n")
    for count in range(3 * live_state.MOST_MADE):
        took(state, reading({"a": count}))

    newest = [state.since(step, None) for step in range(3 * live_state.MOST_MADE)]

    assert all(content(event)[2]["zones"]["a"]["present"] == 3 * live_state.MOST_MADE - 1 for event in newest)
    assert live_state.MOST_MADE == len(state._made)
