"""The outbox: messages written with a change and sent after it, at least once and in order."""

from collections.abc import Callable, Sequence

import psycopg

from duls.errors import ServiceAwayError
from sinks.connection import Connection
from sinks.flush_parts import OutboxMessage
from sinks.queries import query

Send = Callable[[list[OutboxMessage]], None]


def add_messages(connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Write messages into the outbox, in the transaction of the change that they tell of."""
    for message in messages:
        values = {
            "topic": message.topic,
            "partition": message.partition,
            "key": message.key,
            "value": message.value,
            "header_names": [name for name, _ in message.headers],
            "header_values": [value for _, value in message.headers],
        }
        connection.execute(query("outbox", "add_message"), values)


def relay(connection: Connection, send: Send, limit: int = 500) -> int:
    """Send the oldest messages and delete them; return how many.

    Args:
        connection: an autocommit connection.
        send: returns only once the broker has acknowledged all; an exception keeps them for the next time.
        limit: most messages in one go.
    """
    with connection.transaction():
        rows = connection.execute(query("outbox", "take_messages"), {"limit": limit}).fetchall()
        if not rows:
            return 0
        send([_message(*row[1:]) for row in rows])
        connection.execute(query("outbox", "delete_messages"), {"ids": [row[0] for row in rows]})
    return len(rows)


def is_empty(connection: Connection) -> bool:
    """Wait for what other relays have in hand; tell whether all messages that were there at the call are sent.

    Raises:
        ServiceAwayError: another relay held on to messages for longer than the session waits for a lock.
    """
    try:
        with connection.transaction():
            return not connection.execute(query("outbox", "wait_for_relays")).fetchall()
    except psycopg.errors.LockNotAvailable as error:
        message = "another process holds messages that the broker does not take; is the broker reachable?"
        raise ServiceAwayError(message) from error


def _message(
    topic: str,
    partition: int | None,
    key: bytes | None,
    value: bytes | None,
    header_names: list[str],
    header_values: list[bytes],
) -> OutboxMessage:
    """Return a stored message as it was written."""
    headers = tuple(zip(header_names, header_values, strict=True))
    return OutboxMessage(topic, key, value, headers, partition)
