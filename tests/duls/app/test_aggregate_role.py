"""What the aggregate role does around its loop."""

from contextlib import nullcontext

import pytest
from confluent_kafka.admin import AdminClient

from duls.app import aggregate_role
from duls.app.aggregate_role import AggregateBounds, run_aggregate
from duls.app.stopping import StopFlag
from duls.config import Settings
from duls.errors import ConfigError
from duls.metrics import Metrics
from sinks.connection import open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import add_messages
from streams.topics import DEAD_DETECTIONS_TOPIC, PARTIAL_TOPIC, TopicInfo, describe_topic

LETTER = OutboxMessage(DEAD_DETECTIONS_TOPIC, None, b"{}", (), 0)


def messages_left(settings: Settings) -> int:
    """Return how many messages wait in the outbox."""
    with open_connection(settings.database_url, application_name="test") as connection:
        rows = connection.execute("SELECT id FROM core.outbox").fetchall()
    return len(rows)


@pytest.mark.parametrize("is_asked_to_stop", [False, True])
def test_a_drained_run_leaves_no_dead_letter_behind(
    *, installed: Settings, monkeypatch: pytest.MonkeyPatch, is_asked_to_stop: bool
) -> None:
    """The last flush may put some into the outbox; who is asked to stop leaves them to the next process."""
    stop = StopFlag()

    def last_flush(*_: object) -> None:
        """Reject a row, as the last thing."""
        with open_connection(installed.database_url, application_name="test") as connection:
            add_messages(connection, [LETTER])
        if is_asked_to_stop:
            stop.set()

    monkeypatch.setattr(StopFlag, "install", lambda _self: None)
    for name in ("Housekeeping", "DatabaseGauges"):
        monkeypatch.setattr(aggregate_role, name, lambda *_: nullcontext())
    monkeypatch.setattr(aggregate_role, "warm_up_aggregate", lambda: None)
    monkeypatch.setattr(aggregate_role, "_run_once", last_flush)
    metrics = Metrics(version="1", clock=lambda: 0.0)

    run_aggregate(installed, stop, metrics, AggregateBounds(until_drained=True), tell_assigned=lambda _: None)

    assert int(is_asked_to_stop) == messages_left(installed)


def run_unbounded(settings: Settings) -> None:
    """Run aggregate without an end, with nobody to tell of it."""
    run_aggregate(
        settings,
        StopFlag(),
        Metrics(version="1", clock=lambda: 0.0),
        AggregateBounds(),
        tell_assigned=lambda _: None,
    )


def test_a_topic_too_small_for_partial_counts_is_refused(
    installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its broker would refuse them, again and again, and zones would stand still in alerts."""

    def described(admin: AdminClient, name: str) -> TopicInfo:
        info = describe_topic(admin, name)
        return info._replace(max_message_bytes=100_000) if name == PARTIAL_TOPIC else info

    monkeypatch.setattr(StopFlag, "install", lambda _self: None)
    monkeypatch.setattr(aggregate_role, "describe_topic", described)
    monkeypatch.setattr(aggregate_role, "warm_up_aggregate", lambda: None)
    monkeypatch.setattr(aggregate_role, "_run_once", lambda *_: None)

    with pytest.raises(ConfigError, match=f"topic {PARTIAL_TOPIC} takes messages of at most 100000 bytes"):
        run_unbounded(installed)


def test_signals_set_a_flag_only_once_the_kernels_are_there(
    installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling them can last longer than a role may take to end, and nothing looks at the flag meanwhile."""
    order: list[str] = []
    monkeypatch.setattr(StopFlag, "install", lambda _self: order.append("handlers"))
    monkeypatch.setattr(aggregate_role, "warm_up_aggregate", lambda: order.append("kernels"))
    monkeypatch.setattr(aggregate_role, "_run_once", lambda *_: order.append("first step"))

    run_unbounded(installed)

    assert ["kernels", "handlers", "first step"] == order
