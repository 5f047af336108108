"""The C library beneath the Kafka clients, for what their Python objects do not offer.

confluent-kafka brings librdkafka in its wheel and keeps the handle of a client to itself. A client object begins as
every Python object does, and its first field is the handle; that holds for the releases in `KNOWN_RELEASES`. Clients of
another release, or built in another way, are read by message objects and looked after by nobody.

What is called here belongs to the public interface of librdkafka (rdkafka.h), whose layout of messages its soname
guarantees.
"""

import ctypes
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import confluent_kafka
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient

KafkaClient = Consumer | Producer | AdminClient

KNOWN_RELEASES: Final = ("2.16.",)
"""Releases of confluent-kafka whose client objects were looked into."""

_ADDRESS: Final = ctypes.c_size_t
_TEXT: Final = ctypes.c_char_p
_NUMBER: Final = ctypes.c_int32
_FUNCTIONS: Final[tuple[tuple[str, Any, list[Any]], ...]] = (
    # name, what it returns, what it takes
    ("rd_kafka_version", ctypes.c_int, []),
    ("rd_kafka_queue_new", _ADDRESS, [_ADDRESS]),
    ("rd_kafka_queue_destroy", None, [_ADDRESS]),
    ("rd_kafka_queue_get_partition", _ADDRESS, [_ADDRESS, _TEXT, _NUMBER]),
    ("rd_kafka_queue_forward", None, [_ADDRESS, _ADDRESS]),
    ("rd_kafka_consume_batch_queue", ctypes.c_ssize_t, [_ADDRESS, ctypes.c_int, _ADDRESS, ctypes.c_size_t]),
    ("rd_kafka_message_timestamp", ctypes.c_int64, [_ADDRESS, _ADDRESS]),
    ("rd_kafka_message_destroy", None, [_ADDRESS]),
    ("rd_kafka_message_errstr", _TEXT, [_ADDRESS]),
    ("rd_kafka_message_headers", ctypes.c_int, [_ADDRESS, _ADDRESS]),
    ("rd_kafka_header_get_last", ctypes.c_int, [_ADDRESS, _TEXT, _ADDRESS, _ADDRESS]),
    ("rd_kafka_topic_new", _ADDRESS, [_ADDRESS, _TEXT, _ADDRESS]),
    ("rd_kafka_topic_destroy", None, [_ADDRESS]),
    ("rd_kafka_topic_name", _TEXT, [_ADDRESS]),
    ("rd_kafka_controllerid", _NUMBER, [_ADDRESS, ctypes.c_int]),
    ("rd_kafka_brokers_add", ctypes.c_int, [_ADDRESS, _TEXT]),
)


def load_library() -> Any | None:
    """Return the library of the client, or nothing where this client is not one that is known."""
    if not version("confluent-kafka").startswith(KNOWN_RELEASES):
        return None
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    found = sorted(folder.glob("librdkafka-*.so*"))
    if len(found) != 1:
        return None
    library = ctypes.CDLL(str(found[0]))
    for name, result, arguments in _FUNCTIONS:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    is_that_of_the_client: bool = library.rd_kafka_version() == confluent_kafka.libversion()[1]
    return library if is_that_of_the_client else None


def handle_of(client: KafkaClient) -> int:
    """Return the address of the client that an object holds, 0 once it is closed."""
    return int(_ADDRESS.from_address(id(client) + object.__basicsize__).value)


def address_of(function: Any) -> int:
    """Return where a function of the library begins."""
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
