"""Tests of the outbox: at least once, in order, by one relay at a time."""

import pytest

from duls.errors import ServiceAwayError
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import add_messages, is_empty, relay

pytestmark = pytest.mark.services

MESSAGES = [
    OutboxMessage("topic", None, None, (), None),
    OutboxMessage("topic", b"\x00key", b"", (("kind", b"\xff"), ("kind", b"")), 3),
    OutboxMessage("topic", b"", b"value", (("empty", b""),), 0),
]


def test_messages_leave_in_order_and_unchanged(connection: Connection) -> None:
    """None and empty are different, headers keep their order."""
    add_messages(connection, MESSAGES)
    sent: list[OutboxMessage] = []

    assert [2, 1, 0] == [relay(connection, sent.extend, 2) for _ in range(3)]
    assert MESSAGES == sent


def test_messages_that_were_not_acknowledged_stay(connection: Connection) -> None:
    """They are sent again."""
    add_messages(connection, MESSAGES)

    def fail(messages: list[OutboxMessage]) -> None:
        """Fail as a broker that is away does."""
        raise ConnectionError(len(messages))

    with pytest.raises(ConnectionError):
        relay(connection, fail)

    sent: list[OutboxMessage] = []
    assert relay(connection, sent.extend) == len(MESSAGES)


def test_a_second_relay_does_not_wait_for_the_first(connection: Connection, figures_url: str) -> None:
    """It skips what the other holds."""
    add_messages(connection, MESSAGES)
    counts: list[int] = []

    def relay_meanwhile(messages: list[OutboxMessage]) -> None:
        """Run the other relay while these messages are held."""
        del messages
        with open_connection(figures_url, application_name="test") as other:
            counts.append(relay(other, lambda _: None))

    relay(connection, relay_meanwhile, 2)

    assert [1] == counts


def test_what_another_relay_holds_is_waited_for(connection: Connection, figures_url: str) -> None:
    """It is not known to be sent yet; who waits for too long is told why."""
    add_messages(connection, MESSAGES)
    answers: list[str] = []

    def ask_meanwhile(messages: list[OutboxMessage]) -> None:
        """Ask while the messages are held."""
        del messages
        with open_connection(figures_url, application_name="test") as other:
            other.execute("SET lock_timeout = '50ms'")
            with pytest.raises(ServiceAwayError, match="another process holds messages"):
                is_empty(other)
        answers.append("waited")

    assert not is_empty(connection)
    relay(connection, ask_meanwhile)

    assert ["waited"] == answers
    assert is_empty(connection)
