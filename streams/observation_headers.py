"""Headers of the observation topic, and its messages without rows that any command may send: control, ends of topics.

Every message names the installation of its database in a header, so that another database on the same broker skips
it, and says its kind in another. Rows of one message come from one source topic, named in a third.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from duls.errors import RefusedError

Headers = list[tuple[str, bytes]]

KIND_HEADER: Final = "duls-kind"
INSTALLATION_HEADER: Final = "duls-installation"
TOPIC_HEADER: Final = "duls-topic"
TICK_HEADER: Final = "duls-tick"


class Kind(StrEnum):
    """What a message of the observation topic holds."""

    POSITIONS = "positions.narrow"
    DETECTIONS = "detections.narrow"
    PROGRESS = "progress"
    CONTROL = "control"
    TOPIC_END = "topic.end"


_EARLIER_KINDS: Final = {"positions": Kind.POSITIONS, "detections": Kind.DETECTIONS}
"""How earlier versions, whose columns all had the width of their type, named what the log may still hold."""


class Control(msgspec.Struct, frozen=True):
    """From here on, rows are read under this version of the zones, the cameras or the settings."""

    kind: str  # zones, cameras or settings
    version: int


class TopicEnd(msgspec.Struct, frozen=True):
    """From here on, nothing of a source topic is taken: another one has its name."""

    source: int  # Source code


class Envelope(NamedTuple):
    """What the headers of a message of our installation say."""

    kind: Kind
    topic_id: bytes | None  # 16 bytes, of the source topic


_control_decoder = msgspec.json.Decoder(Control)
_end_decoder = msgspec.json.Decoder(TopicEnd)


def envelope_of(headers: Sequence[tuple[str, bytes | None]] | None, installation: bytes) -> Envelope | None:
    """Return what the headers of a message say, or None when it is not one of our installation.

    Raises:
        RefusedError: It is one of ours, of a kind that this version does not know: to skip it would lose rows.
    """
    found = dict(headers or ())
    kind = found.get(KIND_HEADER)
    # another installation may run another version, whose kinds are not ours to judge
    if kind is None or found.get(INSTALLATION_HEADER) != installation:
        return None
    try:
        name = kind.decode()
        return Envelope(_EARLIER_KINDS.get(name) or Kind(name), found.get(TOPIC_HEADER))
    except ValueError as error:
        message = (
            f"an observation message is of a kind that this version does not know: {kind!r}; run a newer one"
        )
        raise RefusedError(message) from error


def headers_of(kind: Kind, installation: bytes, topic_id: bytes | None = None) -> Headers:
    """Return the headers of a message."""
    headers = [(KIND_HEADER, kind.value.encode()), (INSTALLATION_HEADER, installation)]
    return headers if topic_id is None else [*headers, (TOPIC_HEADER, topic_id)]


def control_message(installation: bytes, kind: str, version: int) -> tuple[bytes, Headers]:
    """Return value and headers of a control record for every observation partition."""
    return msgspec.json.encode(Control(kind, version)), headers_of(Kind.CONTROL, installation)


def decode_control(value: bytes) -> Control:
    """Return the content of a control record."""
    return _control_decoder.decode(value)


def topic_end_message(installation: bytes, topic_id: bytes, source: int) -> tuple[bytes, Headers]:
    """Return value and headers of the end of a source topic, for every observation partition."""
    return msgspec.json.encode(TopicEnd(source)), headers_of(Kind.TOPIC_END, installation, topic_id)


def decode_topic_end(value: bytes) -> TopicEnd:
    """Return the content of the end of a source topic, which the headers name."""
    return _end_decoder.decode(value)
