"""Uploads are done when the broker has all of their parts, and tell when it has not."""

import threading
from typing import Any

import pytest
from confluent_kafka import Producer

from duls.errors import BusyError, ServiceAwayError
from streams.upload_sender import UploadSender

ANSWER_S = 20.0


def mock_producer(**more: Any) -> Producer:
    """Return a producer with a broker of its own."""
    return Producer({"test.mock.num.brokers": 1, "linger.ms": 0, "log_level": 0, **more})


def test_an_upload_is_done_when_the_broker_has_it() -> None:
    """All parts of it; uploads of several threads at once; and nothing is made before the first one."""
    made = []

    def make() -> Producer:
        made.append(mock_producer())
        return made[-1]

    sender = UploadSender(make)
    assert [] == made
    futures = []
    threads = [
        threading.Thread(target=lambda: futures.append(sender.send("topic", [b"a", b"b"]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [None] * 4 == [future.result(ANSWER_S) for future in futures]
    assert 1 == len(made)
    sender.close()


def test_an_upload_of_no_parts_is_done() -> None:
    """There is nothing to wait for."""
    sender = UploadSender(mock_producer)

    assert sender.send("topic", []).result(ANSWER_S) is None
    sender.close()


def test_a_broker_that_is_away_is_told_without_content() -> None:
    """In its time; the sender sends it again."""
    sender = UploadSender(
        lambda: Producer({"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": 300, "log_level": 0})
    )

    with pytest.raises(ServiceAwayError, match="has not taken") as told:
        sender.send("topic", [b"NL:VB-123-K", b"more"]).result(ANSWER_S)
    assert "VB-123-K" not in str(told.value)
    sender.close()


def test_what_there_is_no_room_for_is_told() -> None:
    """Nobody waits for room."""
    sender = UploadSender(
        lambda: Producer(
            {"bootstrap.servers": "127.0.0.1:1", "queue.buffering.max.messages": 2, "log_level": 0,
             "message.timeout.ms": 300}
        )
    )  # fmt: skip

    with pytest.raises(BusyError):
        sender.send("topic", [b"a"] * 5).result(ANSWER_S)
    sender.close()


def test_a_part_that_no_topic_takes_is_told() -> None:
    """It is a defect of whoever divided it, yet the process goes on."""
    sender = UploadSender(lambda: mock_producer(**{"message.max.bytes": 1_000}))

    with pytest.raises(ServiceAwayError, match="cannot be sent"):
        sender.send("topic", [b"x" * 2_000]).result(ANSWER_S)
    assert sender.send("topic", [b"x"]).result(ANSWER_S) is None
    sender.close()
