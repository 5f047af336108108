"""Reading below Python message objects: librdkafka's batch call through ctypes, on the library of the wheel.

A measurement, not a part of the product: `docs/adr` says why. A kernel copies the values of a batch into one buffer,
as the scanner takes them, and frees the messages.
"""

import ctypes
from pathlib import Path
from typing import Any, Final, NamedTuple

import confluent_kafka
import numpy as np
from numba import njit

from processors.columns import Int64Array, UInt8Array
from streams.clients import CONSUMER_SETTINGS
from streams.decode.lexer import PADDING

BATCH: Final = 20_000
WAIT_MS: Final = 50
CONSUMER_TYPE: Final = 1  # RD_KAFKA_CONSUMER
ERROR_BYTES: Final = 512
MESSAGE_WORDS: Final = (
    9  # of rd_kafka_message_t: err, topic, partition, payload, len, key, key_len, offset, private
)
PAYLOAD, LENGTH = 3, 4


class Batch(NamedTuple):
    """Values in one buffer, each followed by a NUL, then padding; and where each starts, and the padding."""

    buffer: UInt8Array
    starts: Int64Array


def load() -> Any:
    """Return the library that the wheel of confluent-kafka brings.

    Raises:
        FileNotFoundError: The client was built in another way.
    """
    folder = Path(confluent_kafka.__file__).parent.parent / "confluent_kafka.libs"
    found = sorted(folder.glob("librdkafka-*.so*"))
    if not found:
        message = f"{folder} has no librdkafka: confluent-kafka was not installed from a wheel"
        raise FileNotFoundError(message)
    return ctypes.CDLL(str(found[0]))


class BatchReader:
    """A consumer of all partitions of a topic from their beginning, without a group."""

    def __init__(self, servers: str, topic: str, partitions: int) -> None:
        self._library = _typed(load())
        error = ctypes.create_string_buffer(ERROR_BYTES)
        conf = self._library.rd_kafka_conf_new()
        settings = {**CONSUMER_SETTINGS, "bootstrap.servers": servers, "group.id": "bench-batch-call"}
        for name, value in settings.items():
            if self._library.rd_kafka_conf_set(conf, name.encode(), str(value).encode(), error, ERROR_BYTES):
                raise ValueError(error.value.decode())
        self._handle = self._library.rd_kafka_new(CONSUMER_TYPE, conf, error, ERROR_BYTES)
        if not self._handle:
            raise ValueError(error.value.decode())
        self._library.rd_kafka_poll_set_consumer(self._handle)
        wanted = self._library.rd_kafka_topic_partition_list_new(partitions)
        for number in range(partitions):
            self._library.rd_kafka_topic_partition_list_add(wanted, topic.encode(), number)
            self._library.rd_kafka_topic_partition_list_set_offset(wanted, topic.encode(), number, 0)
        self._library.rd_kafka_assign(self._handle, wanted)
        self._library.rd_kafka_topic_partition_list_destroy(wanted)
        self._queue = self._library.rd_kafka_queue_get_consumer(self._handle)
        self._messages = np.zeros(BATCH, np.uint64)
        self._fields = np.zeros((BATCH, MESSAGE_WORDS), np.uint64)
        self._gather, self._copy = _kernels(self._library)

    def read(self) -> Batch:
        """Return the values that have come, those of errors left out."""
        library = self._library
        count = library.rd_kafka_consume_batch_queue(self._queue, WAIT_MS, self._messages.ctypes.data, BATCH)
        messages, fields = self._messages[: max(count, 0)], self._fields
        starts = np.zeros(messages.size + 1, np.int64)
        used = self._gather(messages, fields, starts)
        buffer = np.zeros(int(starts[used]) + len(PADDING), np.uint8)
        self._copy(messages, fields, starts, buffer)
        return Batch(buffer, starts[: used + 1])

    def close(self) -> None:
        """Leave."""
        self._library.rd_kafka_queue_destroy(self._queue)
        self._library.rd_kafka_consumer_close(self._handle)
        self._library.rd_kafka_destroy(self._handle)


def _typed(library: Any) -> Any:
    """Return the library with the types of what is called."""
    word, text, number = ctypes.c_size_t, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("rd_kafka_conf_new", word, []),
        ("rd_kafka_conf_set", number, [word, text, text, text, word]),
        ("rd_kafka_new", word, [number, word, text, word]),
        ("rd_kafka_poll_set_consumer", number, [word]),
        ("rd_kafka_topic_partition_list_new", word, [number]),
        ("rd_kafka_topic_partition_list_add", word, [word, text, ctypes.c_int32]),
        ("rd_kafka_topic_partition_list_set_offset", number, [word, text, ctypes.c_int32, ctypes.c_int64]),
        ("rd_kafka_topic_partition_list_destroy", None, [word]),
        ("rd_kafka_assign", number, [word, word]),
        ("rd_kafka_queue_get_consumer", word, [word]),
        ("rd_kafka_consume_batch_queue", ctypes.c_ssize_t, [word, number, word, word]),
        ("rd_kafka_message_destroy", None, [word]),
        ("rd_kafka_queue_destroy", None, [word]),
        ("rd_kafka_consumer_close", number, [word]),
        ("rd_kafka_destroy", None, [word]),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _kernels(library: Any) -> tuple[Any, Any]:
    """Return what finds the lengths of a batch, and what copies its values and frees its messages."""
    copy_bytes = ctypes.CDLL(None).memcpy
    copy_bytes.restype, copy_bytes.argtypes = ctypes.c_size_t, [ctypes.c_size_t] * 3
    free = library.rd_kafka_message_destroy

    @njit(nogil=True)
    def gather(messages: Any, fields: Any, starts: Any) -> int:
        used = 0
        for place in range(messages.size):
            copy_bytes(fields.ctypes.data + place * 8 * MESSAGE_WORDS, messages[place], 8 * MESSAGE_WORDS)
            if fields[place, 0] & 0xFFFFFFFF == 0 and fields[place, PAYLOAD] != 0:
                starts[used + 1] = starts[used] + np.int64(fields[place, LENGTH]) + 1
                used += 1
        return used

    @njit(nogil=True)
    def copy(messages: Any, fields: Any, starts: Any, buffer: Any) -> None:
        used = 0
        for place in range(messages.size):
            if fields[place, 0] & 0xFFFFFFFF == 0 and fields[place, PAYLOAD] != 0:
                copy_bytes(buffer.ctypes.data + starts[used], fields[place, PAYLOAD], fields[place, LENGTH])
                used += 1
            free(messages[place])

    return gather, copy
