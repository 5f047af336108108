"""A received message as plain values: the client types every part as optional, since errors are messages too."""

from typing import NamedTuple, cast

from confluent_kafka import Message


class Received(NamedTuple):
    """A message that is no error."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    headers: list[tuple[str, bytes]]


def received(message: Message) -> Received:
    """Return the parts of a message that is no error."""
    return Received(*place_of(message), message.offset() or 0, message.value(), headers_of_message(message))


def place_of(message: Message) -> tuple[str, int]:
    """Return topic and partition of a message, errors of a partition included."""
    return cast("str", message.topic()), cast("int", message.partition())


def headers_of_message(message: Message) -> list[tuple[str, bytes]]:
    """Return the headers of a message; the client returns the values that were sent, which are bytes here."""
    return cast("list[tuple[str, bytes]]", message.headers() or [])
