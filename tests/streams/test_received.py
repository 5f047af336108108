"""Received messages as plain values."""

from confluent_kafka import KafkaError

from streams.received import place_of, received
from tests.streams.client_fakes import message


def test_a_message_without_headers_has_none() -> None:
    """The client says None; a list is easier to look into."""
    assert ("t", 3, 9, None, []) == received(message("t", 3, 9, None))
    assert [("a", b"1")] == received(message("t", 3, 9, b"", headers=[("a", b"1")])).headers


def test_an_error_has_a_place() -> None:
    """So that the partition that it speaks of is known."""
    error = KafkaError(KafkaError._AUTO_OFFSET_RESET)

    assert ("t", 3) == place_of(message("t", 3, 9, b"text", error=error))
