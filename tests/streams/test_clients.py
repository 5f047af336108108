"""Settings of the clients: what figures rest on is not for the settings file to change."""

from typing import Any

import pytest
from confluent_kafka import KafkaException

from streams import clients
from streams.clients import (
    CONSUMER_GUARDS,
    make_admin,
    make_consumer,
    make_gapless_producer,
    make_producer,
)
from streams.observation_sender import PRODUCER_SETTINGS

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Give the settings of the clients that a test makes."""
    found: list[dict[str, Any]] = []
    for name in ("Consumer", "Producer", "AdminClient"):
        monkeypatch.setattr(clients, name, found.append)
    return found


def test_a_consumer_keeps_its_guards(made: list[dict[str, Any]]) -> None:
    """No auto commit, no jump to an end, whatever the settings file says."""
    make_consumer(
        NOWHERE,
        "group",
        {
            "enable.auto.commit": True,
            "auto.offset.reset": "latest",
            "partition.assignment.strategy": "range",
            "session.timeout.ms": 6_000,
            "group.id": "another",
            "enable.partition.eof": True,
        },
    )

    assert made[0] | dict(CONSUMER_GUARDS) == made[0]
    assert "error" == made[0]["auto.offset.reset"]
    assert not made[0]["enable.auto.commit"]
    assert not made[0]["enable.partition.eof"]
    assert ("group", 6_000) == (made[0]["group.id"], made[0]["session.timeout.ms"])


def test_a_reader_for_people_hears_of_ends(made: list[dict[str, Any]]) -> None:
    """Roles do not: an end is no error to them."""
    make_consumer(NOWHERE, "group", {}, tells_end=True)

    assert made[0]["enable.partition.eof"]


def test_the_producer_of_intake_keeps_the_gapless_guarantee(made: list[dict[str, Any]]) -> None:
    """Weaker settings would lose rows in silence."""
    make_gapless_producer(NOWHERE, {"enable.idempotence": False, "message.timeout.ms": 5_000, "acks": 1})

    assert made[0] | dict(PRODUCER_SETTINGS) == made[0]


def test_acknowledgement_by_one_broker_is_refused() -> None:
    """The client says so when it is made."""
    with pytest.raises(KafkaException, match="acks"):
        make_gapless_producer(NOWHERE, {"acks": 1, "log_level": 0})


@pytest.mark.parametrize("make", [make_producer, make_admin])
def test_properties_pass_through(make: Any, made: list[dict[str, Any]]) -> None:
    """So that SASL and TLS can be set."""
    make(NOWHERE, {"security.protocol": "SSL", "linger.ms": 9})

    assert ("SSL", 9, NOWHERE) == (
        made[0]["security.protocol"],
        made[0]["linger.ms"],
        made[0]["bootstrap.servers"],
    )
