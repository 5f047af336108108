"""The streams of the alert role on a real broker, apart from what is done with messages."""

import asyncio
import threading
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from mode.threads import WorkerThread

from duls.errors import ServiceAwayError
from streams.alert_streams import AlertStreams, StreamMessage
from streams.topic_positions import told_end
from tests.services.external import Broker

DEADLINE_S = 60.0


@pytest.mark.services
def test_messages_come_and_nothing_is_left_behind(
    kafka: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container of the role can write nowhere, and a folder for each start would fill a disk in years."""
    monkeypatch.chdir(tmp_path)
    topic = f"alert-streams-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(DEADLINE_S)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers})
    producer.produce(topic, b"seven")
    assert 0 == producer.flush(DEADLINE_S)

    assert [b"seven"] == asyncio.run(first_message(kafka.bootstrap_servers, topic))
    assert 1 == told_end(AdminClient({"bootstrap.servers": kafka.bootstrap_servers}), topic, DEADLINE_S)
    assert [] == list(tmp_path.iterdir())


async def first_message(bootstrap_servers: str, topic: str) -> list[bytes | None]:
    """Return what the streams give until the first message."""
    told: list[bytes | None] = []
    came = asyncio.Event()

    async def take(message: StreamMessage) -> None:
        """Keep a message."""
        told.append(message.value)
        assert {} == streams.waiting_positions(), "it waits for us"
        came.set()

    group = f"test-{uuid.uuid4().hex}"
    streams = AlertStreams(bootstrap_servers, {}, group, starts={topic: 0}, handlers={topic: take})
    try:
        async with asyncio.timeout(DEADLINE_S):
            await streams.start()
            await came.wait()
            assert {topic: 1} == streams.waiting_positions()
        # one that waits for a broker that is gone would keep the process from ending
        reading = [thread for thread in threading.enumerate() if isinstance(thread, WorkerThread)]
        assert reading
        assert all(thread.daemon for thread in reading)
    finally:
        await streams.stop()
    return told


def test_a_crash_of_faust_is_told() -> None:
    """The thread that reads may end at any moment, and nothing else would say so."""

    async def crash() -> None:
        """Crash, as the reading thread does, and wait for what is told of it."""
        streams = AlertStreams("127.0.0.1:1", {}, "test", starts={}, handlers={})
        await asyncio.to_thread(streams._app._crash, ValueError("a part ended"))
        async with asyncio.timeout(DEADLINE_S):
            await streams.failed

    with pytest.raises(ServiceAwayError, match=r"cannot read any more \(ValueError\)"):
        asyncio.run(crash())


def test_a_broker_that_is_away_tells_no_end() -> None:
    """Whoever asks does not wait for long."""
    admin = AdminClient({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})

    with pytest.raises(ServiceAwayError, match="cannot ask for the end of topic t"):
        told_end(admin, "t", 0.2)
