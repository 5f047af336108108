"""The oracle on the log of one installation: it reads the observation topic as an observation partition does.

What became of a row depends on where in the log versions of zones and settings stand, and on the stream time that was
known there. So this oracle takes the order from the log, and everything else (rows, arrivals, zones, settings) from
elsewhere. Rows that intake sent twice are read once.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from confluent_kafka import Message

from naive import Figures, Geometry, NaivePositions, PositionRow, Settings
from processors.columns import PositionColumns
from processors.vocabulary import Outcome, Source
from sinks.connection import open_connection
from sinks.registry import installation_id
from streams.observation_headers import Kind, decode_control, envelope_of
from streams.observation_messages import decode_progress, decode_rows
from streams.topics import OBSERVATIONS_TOPIC
from tests.faults.installation import Installation
from tests.faults.raw_topics import messages_of

RowId = tuple[int, int, int]  # source partition, offset, index


@dataclass(frozen=True)
class Versions:
    """What each version of zones and settings says."""

    zones: Mapping[int, Mapping[str, Geometry]]
    settings: Mapping[int, Settings]


@dataclass
class _Partition:
    """One observation partition as the oracle reads it."""

    oracle: NaivePositions
    zones: int = 0
    settings: int = 0
    seen: set[RowId] = field(default_factory=set)
    clocks: dict[int, int] = field(default_factory=dict)


def replay_log(
    installation: Installation, rows: Mapping[RowId, PositionRow], versions: Versions
) -> list[Figures]:
    """Return the figures of each observation partition at the end of the log."""
    with open_connection(installation.database_url, application_name="test") as connection:
        ours = installation_id(connection)
    partitions = defaultdict(lambda: _Partition(NaivePositions(versions.settings[0], {})))
    for message in messages_of(installation.bootstrap_servers, OBSERVATIONS_TOPIC, installation.partitions):
        _read(partitions[message.partition()], message, ours, rows, versions)
    return [partition.oracle.figures() for partition in partitions.values()]


def _read(
    partition: _Partition, message: Message, ours: UUID, rows: Mapping[RowId, PositionRow], versions: Versions
) -> None:
    """Read one message."""
    envelope = envelope_of(message.headers(), ours.bytes)
    value = message.value()
    if envelope is None or value is None:
        return
    if envelope.kind is Kind.POSITIONS:
        columns = decode_rows(value, PositionColumns)
        accepted = columns.outcome == Outcome.ACCEPTED
        ids = zip(
            *(column[accepted].tolist() for column in (columns.partition, columns.offset, columns.index)),
            strict=True,
        )
        new = [row_id for row_id in ids if row_id not in partition.seen]
        partition.seen.update(new)
        partition.oracle.add([rows[row_id] for row_id in new])
    elif envelope.kind is Kind.PROGRESS:
        _progress(partition, value)
    elif envelope.kind is Kind.CONTROL:
        _control(partition, value, versions)


def _progress(partition: _Partition, value: bytes) -> None:
    """Move the clocks, and stream time once all are known."""
    marks = [mark for mark in decode_progress(value) if mark.source == Source.FMS]
    for mark in marks:
        partition.clocks[mark.partition] = max(partition.clocks.get(mark.partition, 0), mark.arrival_us)
    if marks and len(partition.clocks) == marks[0].partitions and min(partition.clocks.values()) > 0:
        partition.oracle.advance(min(partition.clocks.values()))


def _control(partition: _Partition, value: bytes, versions: Versions) -> None:
    """Go over to a newer version."""
    control = decode_control(value)
    if control.kind == "zones" and control.version > partition.zones:
        partition.zones = control.version
        partition.oracle.change_zones(versions.zones[control.version])
    elif control.kind == "settings" and control.version > partition.settings:
        partition.settings = control.version
        settings = versions.settings[control.version]
        partition.oracle._settings = settings
        partition.oracle._machine.settings = settings
