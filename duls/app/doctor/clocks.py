"""Whether broker, database and this machine agree on the time."""

from collections.abc import Callable
from typing import Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaException, Message

from duls.app.doctor.findings import Finding, ok, wrong
from duls.config import Settings
from processors.units import US_PER_S
from streams.clients import make_producer
from streams.observation_headers import TICK_HEADER
from streams.topics import DETECTIONS_TOPIC

ALLOWED_S: Final = 2.0
ANSWER_S: Final = 10.0

Clock = Callable[[], float]
"""Seconds since 1970 UTC."""


def check_database_clock(database_us: int, asked_s: float, answered_s: float) -> Finding:
    """Compare the clock of the database with that of this machine, read before and after it was asked."""
    return _compared("the database", database_us / US_PER_S, asked_s, answered_s)


def check_broker_clock(settings: Settings, now: Clock) -> Finding | None:
    """Compare the broker's clock with that of this machine; None where the broker stamps no times.

    A tick is appended for it, which is what intake does with every silent partition.
    """
    stamps: list[tuple[int, int]] = []

    def delivered(error: object, message: Message) -> None:
        if error is None:
            stamps.append(message.timestamp())

    producer = make_producer(settings.kafka.bootstrap_servers, settings.kafka.client)
    try:
        _tick(producer.produce, delivered)
        producer.flush(ANSWER_S)
        stamps.clear()  # the first one waited for the connection
        asked_s = now()
        _tick(producer.produce, delivered)
        producer.flush(ANSWER_S)
    except KafkaException:
        return None
    if not stamps or stamps[0][0] != TIMESTAMP_LOG_APPEND_TIME:
        return None
    return _compared("the broker", stamps[0][1] / 1_000, asked_s, now())


def _tick(produce: Callable[..., None], delivered: Callable[[object, Message], None]) -> None:
    """Append a tick to the first raw partition."""
    produce(DETECTIONS_TOPIC, None, partition=0, headers=[(TICK_HEADER, b"1")], on_delivery=delivered)


def _compared(who: str, theirs_s: float, asked_s: float, answered_s: float) -> Finding:
    """Return what the difference is worth; what lies between question and answer is no difference."""
    ahead_s = max(theirs_s - answered_s, 0.0) or min(theirs_s - asked_s, 0.0)
    if abs(ahead_s) <= ALLOWED_S:
        return ok("clocks", f"{who} and this machine agree on the time")
    side = "ahead of" if ahead_s > 0 else "behind"
    return wrong(
        "clocks",
        f"the clock of {who} is {abs(ahead_s):.1f} s {side} this machine",
        "let NTP set both clocks (timedatectl shows whether it does)",
    )
