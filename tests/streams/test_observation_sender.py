"""The sender of intake: one producer, one order, and nothing that looks acknowledged when it is not."""

import json
from collections.abc import Callable

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from duls.errors import ServiceAwayError
from processors.source_clock import Mark
from streams.clients import PRODUCER_SETTINGS
from streams.dead_letters import DeadLetter
from streams.observation_headers import TICK_HEADER, Kind, headers_of
from streams.observation_messages import decode_progress
from streams.observation_sender import ObservationSender
from tests.streams.client_fakes import FakeProducer

TOPIC = "duls.observation.v1"
OURS = bytes(range(16))
SOURCE = bytes(16)
MARKS = [Mark(SOURCE, 0, 4, 1, 17, 5_000)]


def never() -> bool:
    """Go on."""
    return False


def sender_of(producer: FakeProducer, should_give_up: Callable[[], bool] = never) -> ObservationSender:
    """Return a sender to three partitions."""
    return ObservationSender(
        producer,  # type: ignore[arg-type]  # the fake has the methods that are used
        topic=TOPIC,
        partitions=3,
        installation=OURS,
        should_give_up=should_give_up,
    )


def test_progress_follows_its_rows_to_every_partition() -> None:
    """On the same producer, so that no mark is read before the rows that it speaks of."""
    producer = FakeProducer()
    sender = sender_of(producer)

    sender.send_rows(Kind.POSITIONS, SOURCE, 2, b"rows")
    sender.send_progress(MARKS)

    assert [2, 0, 1, 2] == [sent.partition for sent in producer.sent]
    assert headers_of(Kind.POSITIONS, OURS, SOURCE) == producer.sent[0].headers
    assert [headers_of(Kind.PROGRESS, OURS)] * 3 == [sent.headers for sent in producer.sent[1:]]
    assert [MARKS] * 3 == [decode_progress(sent.value or b"") for sent in producer.sent[1:]]


def test_a_tick_has_a_header_and_no_value() -> None:
    """It goes to the raw partition that was silent."""
    producer = FakeProducer()

    sender_of(producer).send_tick("raw", 3)

    assert [("raw", None, None, 3, [(TICK_HEADER, b"1")])] == producer.sent


def test_nothing_has_a_key() -> None:
    """Keys outlive values in compacted topics and show in tools."""
    producer = FakeProducer()
    sender = sender_of(producer)
    letter = DeadLetter(topic="raw", topic_id="00", partition=1, offset=2, index=3, reason="not_json")

    sender.send_rows(Kind.DETECTIONS, SOURCE, 0, b"rows")
    sender.send_dead_letter("dead", letter)

    assert {None} == {sent.key for sent in producer.sent}
    assert {
        "topic": "raw",
        "topic_id": "00",
        "partition": 1,
        "offset": 2,
        "index": 3,
        "reason": "not_json",
    } == (json.loads(producer.sent[1].value or b""))


def test_waiting_ends_when_all_is_acknowledged() -> None:
    """Nothing more is asked of the broker then."""
    producer = FakeProducer()
    sender = sender_of(producer)
    sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"rows")

    sender.serve()
    sender.wait()

    assert 0 == producer.flush()


def test_waiting_can_be_given_up() -> None:
    """A role that must stop does not wait for a broker that is away."""
    producer = FakeProducer()
    producer.answers = False
    sender = sender_of(producer, lambda: True)
    sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"rows")

    with pytest.raises(ServiceAwayError, match="read again"):
        sender.wait()


def test_a_full_queue_is_waited_for() -> None:
    """The message is sent once there is room, in its place."""
    producer = FakeProducer()
    producer.room = 1
    sender = sender_of(producer)

    for value in (b"1", b"2", b"3"):
        sender.send_rows(Kind.POSITIONS, SOURCE, 0, value)

    assert [b"1", b"2", b"3"] == [sent.value for sent in producer.sent]


def test_waiting_for_room_can_be_given_up() -> None:
    """What did not fit is not sent, and its offsets are not committed."""
    producer = FakeProducer()
    producer.room, producer.answers = 1, False
    sender = sender_of(producer, lambda: True)
    sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"1")

    with pytest.raises(ServiceAwayError, match="room"):
        sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"2")

    assert [b"1"] == [sent.value for sent in producer.sent]


def test_a_refused_message_makes_every_later_wait_fail() -> None:
    """Else the offsets of what was refused would be committed by the call after."""
    producer = FakeProducer()
    sender = sender_of(producer)
    producer.delivery_error = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
    sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"rows")

    for _ in range(2):
        with pytest.raises(ServiceAwayError, match="refused"):
            sender.wait()


@pytest.mark.parametrize(
    "error",
    [
        KafkaException(KafkaError(KafkaError._GAPLESS_GUARANTEE, "out of order", fatal=True)),
        SystemError("a report ran in the same call"),
    ],
)
def test_a_fatal_error_makes_every_later_wait_fail(error: Exception) -> None:
    """The client raises it once only; afterwards its flush looks as if all were well."""
    producer = FakeProducer()
    sender = sender_of(producer)
    producer.flush_errors = [error]

    for _ in range(2):
        with pytest.raises(ServiceAwayError, match="failed for good"):
            sender.wait()


def test_a_message_that_cannot_be_queued_makes_every_later_wait_fail() -> None:
    """The topic is named, what was to be sent is not."""
    producer = FakeProducer()
    sender = sender_of(producer)
    producer.produce_error = KafkaException(KafkaError(KafkaError._FATAL, "no more"))

    with pytest.raises(ServiceAwayError, match=TOPIC) as raised:
        sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"NL:XX-999-X")
    with pytest.raises(ServiceAwayError, match=TOPIC):
        sender.wait()

    assert "XX-999" not in str(raised.value)


def test_the_client_takes_the_settings_of_the_gapless_guarantee() -> None:
    """They are refused in other combinations, so this one is tried on the client itself."""
    producer = Producer({**PRODUCER_SETTINGS, "test.mock.num.brokers": 1})
    sender = ObservationSender(producer, topic=TOPIC, partitions=1, installation=OURS, should_give_up=never)

    sender.send_rows(Kind.POSITIONS, SOURCE, 0, b"rows")
    sender.wait()

    assert 0 == len(producer)
