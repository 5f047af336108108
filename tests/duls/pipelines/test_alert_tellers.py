"""A channel of alerts goes on whatever it answers: its thread is the only one that tells."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from duls.errors import ServiceAwayError
from duls.metrics import Metrics
from duls.pipelines import alert_tellers
from duls.pipelines.alert_tellers import ChannelAwayError, PostTeller, RefusedPostError, TellerSetup

WAIT_S = 30.0


class Database:
    """A connection that runs what it is given."""

    def run(self, _what: str, action: Callable[[Any], Any]) -> Any:
        """Run it."""
        return action(None)

    def close(self) -> None:
        """Close nothing."""


@contextmanager
def telling(again: Callable[[Any], None]) -> Iterator[tuple[PostTeller, Metrics]]:
    """Run a channel that has nothing to tell but what runs, each moment."""
    metrics = Metrics(version="test", clock=lambda: 0.0)
    setup = TellerSetup(UUID(int=1), lambda: True, 0.001, metrics)
    teller = PostTeller("https://pager.example", Database(), setup, print, again=again)  # type: ignore[arg-type]  # a stand-in
    teller.start()
    try:
        yield teller, metrics
    finally:
        teller.stop(WAIT_S)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (RefusedPostError("the answer is 401"), "refused"),
        (ChannelAwayError("ReadTimeout while posting"), "away"),
        (ServiceAwayError("away"), "away"),
        (ZeroDivisionError("NL:QZX-00-42"), "away"),
    ],
)
def test_what_goes_wrong_once_is_told_again(
    failure: Exception, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal, a silence and a defect of ours alike: the thread lives on."""
    monkeypatch.setattr(alert_tellers, "waiting", lambda *_: [])
    monkeypatch.setattr(alert_tellers, "POLL_S", 0.001)
    failures, told = [failure, failure], threading.Event()

    def again(_connection: Any) -> None:
        if failures:
            raise failures.pop()
        told.set()

    with telling(again) as (teller, metrics):
        assert told.wait(WAIT_S)
        assert teller._thread.is_alive()

    count = metrics.alert_deliveries_total.labels("webhook", outcome)._value.get()
    assert 2 == count
