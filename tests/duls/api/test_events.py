"""The stream of events on the real server: whole, resumed, beating, and never held by who does not read."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from fastapi import FastAPI
from msgspec import Raw

from duls.api import events
from duls.api.events import events_router
from duls.api.gate import Gate
from duls.api.health import Vitals
from duls.api.live_hub import LiveHub, Zones
from duls.api.parts import ApiParts
from duls.api.problems import add_problem_handlers
from duls.api.tokens import Grant, Scope, issue
from duls.metrics import Metrics
from sinks.live_now import LiveReading, ZoneNow
from sinks.reading import Access, ReadRole
from tests.duls.api.served import HOST, get, said, served

KEY = bytes(range(32))
WITHIN_S = 20.0  # for what a stream has to do
ANYBODY = Gate(list, [Scope.OPERATOR], clock=lambda: datetime.now(UTC))
NOBODY = Gate(list, clock=lambda: datetime.now(UTC))


class Stage:
    """A hub in the event loop of a server, and what happens on it."""

    def __init__(self, gate: Gate = ANYBODY) -> None:
        self.stopping = asyncio.Event()
        self.metrics = Metrics(version="0", clock=time.time)
        self.hub = LiveHub("n", lambda: datetime.now(UTC))
        vitals = Vitals(list, bytes)
        self.accesses: list[Access] = []
        parts = ApiParts(
            cast("Any", self), gate, vitals, self.metrics, self.stopping, self.hub.now, self.hub, ""
        )
        self.application = FastAPI()
        self.application.state.parts = parts
        self.application.include_router(events_router())
        add_problem_handlers(self.application)
        self.loop: asyncio.AbstractEventLoop | None = None
        self.application.add_api_route("/loop", self._note_loop)

    def read(self, _role: ReadRole, action: Callable[[None], tuple[()]], *, access: Access) -> tuple[()]:
        """Stand in for the reader of the database, from which streams want nothing but its log."""
        self.accesses.append(access)
        return action(None)

    async def _note_loop(self) -> dict[str, str]:
        """Note the event loop, in which the hub lives."""
        self.loop = asyncio.get_running_loop()
        return {}

    def show(self, present: int, text: str = "") -> None:
        """Publish a number of vehicles."""
        now = ZoneNow(present, 0, 0, Raw(json.dumps({"text": text}).encode()))
        reading = LiveReading(1, {"a": now}, [], {}, {})
        done = threading.Event()

        def publish() -> None:
            """Do so in the loop of the hub."""
            self.hub.publish(reading, {}, settling=False, zones=Zones("v", (), {"a": None}))
            done.set()

        assert self.loop is not None
        self.loop.call_soon_threadsafe(publish)
        assert done.wait(10.0)


class Stream:
    """A client that reads events one by one."""

    def __init__(self, port: int, *headers: str, receive_bytes: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_bytes:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(WITHIN_S)
        self._socket.connect((HOST, port))
        self._socket.sendall(get("/events", *headers))
        self._file = self._socket.makefile("rb")
        while self._file.readline() not in {b"\r\n", b""}:
            pass

    def close(self) -> None:
        """Go away."""
        self._file.close()
        self._socket.close()

    def next(self, *kinds: str) -> tuple[str, dict[str, Any]]:
        """Return id and content of the next event of these kinds."""
        event_id = kind = ""
        for line in self._lines(f"told no {' or '.join(kinds)}"):
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                event_id = value
            elif name == "event":
                kind = value
            elif name == "data" and kind in kinds:
                return event_id, json.loads(value)
        pytest.fail(f"the stream ended and told no {' or '.join(kinds)}")

    def wait_for_end(self) -> None:
        """Read on until the server ends the stream."""
        for _ in self._lines("did not end"):
            pass

    def _lines(self, missing: str) -> Iterator[bytes]:
        """Yield lines until the stream ends; beats keep it going, so the time of all of them has a bound."""
        end_s = time.monotonic() + WITHIN_S
        while line := self._file.readline():
            if time.monotonic() > end_s:
                pytest.fail(f"the stream went on for {WITHIN_S:g} s and {missing}")
            yield line


@contextmanager
def staged(gate: Gate = ANYBODY) -> Iterator[tuple[Stage, int]]:
    """Serve a stage."""
    stage = Stage(gate)
    with served(stage.application, stage.stopping) as port:
        said(port, get("/loop"))
        yield stage, port


@pytest.fixture
def stage() -> Iterator[tuple[Stage, int]]:
    """Give a stage that is served to everybody, with seven vehicles."""
    with staged() as (made, port):
        made.show(7)
        yield made, port


def test_a_stream_begins_with_everything_and_goes_on_with_changes(stage: tuple[Stage, int]) -> None:
    """With the time by the server's clock, and what the caller may do."""
    made, port = stage
    stream = Stream(port)

    assert ("", {"acknowledge": False}) == stream.next("rights")
    assert time.time() * 1_000 == pytest.approx(stream.next("beat")[1]["now"], abs=30_000)
    event_id, everything = stream.next("state")
    assert ("n-1", 7) == (event_id, everything["zones"]["a"]["present"])
    made.show(8)
    event_id, change = stream.next("delta")
    assert ("n-2", 8) == (event_id, change["zones"]["a"]["present"])
    assert [Access(None, None, "/events", {})] == made.accesses
    stream.close()


def test_a_stream_goes_on_after_the_event_that_was_seen_last(stage: tuple[Stage, int]) -> None:
    """What is at hand is not sent again; an id of another process is a new beginning."""
    made, port = stage
    made.show(8)
    resumed, other = Stream(port, "Last-Event-ID: n-1"), Stream(port, "Last-Event-ID: m-1")

    assert ("n-2", 8) == pick(resumed.next("state", "delta"))
    assert "as_of" in other.next("state")[1]
    resumed.close()
    other.close()


def test_a_stream_is_never_silent(monkeypatch: pytest.MonkeyPatch, stage: tuple[Stage, int]) -> None:
    """It beats while nothing happens, so that a page knows a dead connection from a quiet city."""
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    stream = Stream(stage[1])
    times_ms = [stream.next("beat")[1]["now"] for _ in range(4)]

    assert sorted(times_ms) == times_ms
    stream.close()


def test_who_reads_slowly_gets_the_newest_state_at_once(stage: tuple[Stage, int]) -> None:
    """What was missed is not queued: while a hundred states pass, one message waits, and the next is the last."""
    made, port = stage
    slow, quick = Stream(port, receive_bytes=4_096), Stream(port)
    slow.next("state")
    quick.next("state")
    for count in range(100):
        made.show(count, "x" * 200_000)
        assert count == pick(quick.next("delta"))[1]  # who reads is not held by who does not
    seen = []
    while not seen or seen[-1] != 99:
        seen.append(pick(slow.next("delta"))[1])

    assert sorted(seen) == seen
    assert len(seen) < 60
    slow.close()
    quick.close()


def test_who_reads_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch, stage: tuple[Stage, int]) -> None:
    """It holds no place for ever."""
    monkeypatch.setattr(events, "STALLED_S", 0.3)
    made, port = stage
    stalled = Stream(port, receive_bytes=4_096)
    stalled.next("state")
    count, end_s = 0, time.monotonic() + 20.0
    while made.hub.streams and time.monotonic() < end_s:
        count += 1
        made.show(count, "x" * 500_000)
        time.sleep(0.05)  # between two states, as the reader of the database has it

    assert 0 == made.hub.streams
    assert 0.0 == made.metrics.registry.get_sample_value("duls_event_streams_open")
    stalled.close()


def test_streams_have_a_bound(monkeypatch: pytest.MonkeyPatch, stage: tuple[Stage, int]) -> None:
    """Beyond it a client is told to come again later; one that leaves makes place."""
    monkeypatch.setattr(events, "MOST_STREAMS", 2)
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    made, port = stage
    first, second = Stream(port), Stream(port)
    first.next("state")
    second.next("state")

    refusal = said(port, get("/events"))
    assert refusal.startswith(b"HTTP/1.1 503 ")
    assert b"too-many-streams" in refusal
    first.close()
    end_s = time.monotonic() + 30.0
    while made.hub.streams == 2 and time.monotonic() < end_s:
        time.sleep(0.01)  # until the server has noticed
    assert 1 == made.hub.streams
    second.close()


def test_a_stream_ends_so_that_its_token_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, stage: tuple[Stage, int]
) -> None:
    """A right that has expired lasts no longer than this."""
    monkeypatch.setattr(events, "LONGEST_S", 0.2)
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    stream = Stream(stage[1])
    stream.next("state")

    stream.wait_for_end()
    stream.close()


def bearer(serial: str, lifetime_s: int = 60) -> str:
    """Return the header with a token of an operator."""
    grant = Grant("operator", (Scope.OPERATOR,), None, lifetime_s)
    return f"Authorization: Bearer {issue(grant, KEY, now_s=int(time.time()), serial=serial)}"


def test_a_stream_ends_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was let in for two seconds more does not read on for an hour."""
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    with staged(Gate(lambda: [KEY], clock=lambda: datetime.now(UTC))) as (made, port):
        made.show(7)
        stream = Stream(port, bearer("1", 2))
        stream.next("state")
        stream.wait_for_end()
        stream.close()


def test_a_stream_ends_when_the_keys_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client comes again with its token, which is taken or not."""
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    keys = [KEY]
    with staged(Gate(lambda: tuple(keys), clock=lambda: datetime.now(UTC))) as (made, port):
        made.show(7)
        stream = Stream(port, bearer("1"))
        stream.next("state")
        keys[:] = [bytes(32)]
        stream.wait_for_end()
        stream.close()
        assert said(port, get("/events", bearer("1"))).startswith(b"HTTP/1.1 401 ")


def test_a_stream_ends_when_its_token_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of other tokens go on."""
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    revoked: set[str] = set()
    gate = Gate(lambda: [KEY], revoked=lambda: revoked, clock=lambda: datetime.now(UTC))
    with staged(gate) as (made, port):
        made.show(7)
        stream, other = Stream(port, bearer("1")), Stream(port, bearer("2"))
        stream.next("state")
        other.next("state")
        revoked.add("1")
        stream.wait_for_end()
        assert said(port, get("/events", bearer("1"))).startswith(b"HTTP/1.1 401 ")
        made.show(8)
        assert 8 == pick(other.next("delta"))[1]
        stream.close()
        other.close()


def test_one_token_does_not_keep_the_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a bound of its own; what it closes is forgotten."""
    monkeypatch.setattr(events, "MOST_OF_ONE", 2)
    monkeypatch.setattr(events, "BEAT_S", 0.05)
    with staged(Gate(lambda: [KEY], clock=lambda: datetime.now(UTC))) as (made, port):
        made.show(7)
        streams = [Stream(port, bearer("1")), Stream(port, bearer("1")), Stream(port, bearer("2"))]
        for stream in streams:
            stream.next("state")

        refusal = said(port, get("/events", bearer("1")))
        assert refusal.startswith(b"HTTP/1.1 429 ")
        assert b"too-many-streams" in refusal
        assert {"1": 2, "2": 1} == made.hub.streams_of
        for stream in streams:
            stream.close()
        end_s = time.monotonic() + 30.0
        while made.hub.streams and time.monotonic() < end_s:
            time.sleep(0.01)  # until the server has noticed
        assert {} == made.hub.streams_of


def test_a_stream_needs_a_right() -> None:
    """Live figures are for operators."""
    with staged(NOBODY) as (_, port):
        assert said(port, get("/events")).startswith(b"HTTP/1.1 401 ")


def test_streams_end_with_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once: nobody waits for a beat."""
    monkeypatch.setattr(events, "BEAT_S", 60.0)
    with staged() as (made, port):
        made.show(1)
        stream = Stream(port)
        stream.next("state")
        begun_s = time.monotonic()
    stream.wait_for_end()

    assert time.monotonic() - begun_s < 30.0
    stream.close()


def pick(told: tuple[str, dict[str, Any]]) -> tuple[str, int]:
    """Return the id of an event, and the vehicles it tells of."""
    return told[0], told[1]["zones"]["a"]["present"]
