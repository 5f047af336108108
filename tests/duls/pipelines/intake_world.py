"""An intake with its clients in memory, and raw records for it to read."""

from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import numpy as np
from confluent_kafka import Message
from hypothesis import strategies as st

from duls.errors import ServiceAwayError
from duls.local_midnights import local_midnights
from duls.metrics import Metrics
from duls.pipelines.intake import NOTHING_KNOWN, Intake, IntakeOptions, Known, SourceTopic
from processors.columns import (
    DecodedDetections,
    DecodedPositions,
    DetectionColumns,
    Int64Array,
    PositionColumns,
    UInt64Array,
)
from processors.source_clock import Mark
from processors.vocabulary import Source
from streams.admission import AdmissionRules, DayKey
from streams.decode.detections import read_detections
from streams.decode.positions import decode_positions
from streams.failpoints import no_failpoint
from streams.observation_headers import TICK_HEADER, Kind, envelope_of
from streams.observation_messages import decode_progress, decode_rows
from streams.observation_sender import ObservationSender
from streams.raw_batch import MessageReader
from streams.source_positions import Gap, GapBook
from streams.topic_watch import TopicWatch
from tests.streams.client_fakes import FakeConsumer, FakeProducer, Key, message

RAW, PASSAGES, DEAD, OBSERVATIONS = "raw", "passages", "dead", "observations"
OURS = bytes(range(16))
RAW_ID, PASSAGES_ID = b"r" * 16, b"p" * 16
NOW_MS = 1_795_000_000_000
NEVER_US = -(1 << 62)
MIDNIGHTS_US = local_midnights()
PARTITIONS = 3


class Record(NamedTuple):
    """A raw record before it has an offset; no event time makes it a tick, a negative one garbage."""

    partition: int
    time_ms: int  # of the broker, after NOW_MS
    event_ms: int | None  # of the sender, after NOW_MS
    vehicle: str = "NL:AB-1"


class Running:
    """An intake with its clients in memory."""

    def __init__(
        self,
        *,
        clock: str = "arrival",
        failpoint: Callable[[str], None] = no_failpoint,
        gives_up: bool = False,
        known: Known = NOTHING_KNOWN,
    ) -> None:
        self.now_s = 0.0
        self.consumer = FakeConsumer()
        self.producer = FakeProducer()
        self.gaps = list[Gap]()
        self.topic_ids = {RAW: UUID(bytes=RAW_ID)}
        self.is_away = False  # the broker, when it is asked for the ids of topics
        self.metrics = Metrics(version="1", clock=lambda: 0.0)
        self.intake = Intake(
            self.consumer,  # type: ignore[arg-type]  # the fake has the methods that are used
            MessageReader(self.consumer.consume),
            ObservationSender(
                self.producer,  # type: ignore[arg-type]  # the same
                topic=OBSERVATIONS,
                partitions=PARTITIONS,
                installation=OURS,
                should_give_up=lambda: gives_up,
            ),
            [
                SourceTopic(RAW, RAW_ID, Source.FMS, 2, DEAD, decode_positions),
                SourceTopic(PASSAGES, PASSAGES_ID, Source.ANPR, 1, DEAD, read_detections),
            ],
            AdmissionRules(clock, MIDNIGHTS_US, lambda _day: DayKey(pseudonymise, PARTITIONS)),
            IntakeOptions(clock=clock, progress_s=0.25, commit_s=1.0),
            monotonic=lambda: self.now_s,
            metrics=self.metrics,
            failpoint=failpoint,
            gaps=GapBook(self.gaps.append),
            watch=TopicWatch({RAW: UUID(bytes=RAW_ID)}, self._told_ids),
            known=known,
        )
        self.intake.subscribe()

    def _told_ids(self, _answer_s: float) -> dict[str, UUID]:
        """Give the ids of topics as the broker tells them."""
        if self.is_away:
            message = "no answer"
            raise ServiceAwayError(message)
        return self.topic_ids

    def own(self, *keys: Key) -> None:
        """Let the group assign partitions."""
        self.consumer.give(*(keys or ((RAW, 0), (RAW, 1))))

    def read(self, messages: Sequence[Message], *, after_s: float = 0.01) -> None:
        """Read messages in one step."""
        self.now_s += after_s
        self.consumer.incoming.append(list(messages))
        self.intake.step()

    def rows(self) -> list[tuple[int, PositionColumns | DetectionColumns]]:
        """Return the batches of rows that were sent, each with its observation partition."""
        found: list[tuple[int, PositionColumns | DetectionColumns]] = []
        for sent in self.producer.sent:
            kind = kind_of(sent.headers)
            if kind is Kind.POSITIONS:
                found.append((sent.partition, decode_rows(sent.value or b"", PositionColumns)))
            elif kind is Kind.DETECTIONS:
                found.append((sent.partition, decode_rows(sent.value or b"", DetectionColumns)))
        return found

    def row_tuples(self) -> list[tuple[object, ...]]:
        """Return all rows that were sent with their partitions, by their place in the log; lat and lon left out."""
        rows = [
            row
            for partition, columns in self.rows()
            for row in zip(
                *(
                    np.asarray(column).tolist()
                    for name, column in zip(columns._fields, columns, strict=True)
                    if name not in {"lat", "lon"}
                ),
                [partition] * columns.outcome.size,
                strict=True,
            )
        ]
        return sorted(rows)

    def marks(self) -> list[Mark]:
        """Return the marks that went to the first observation partition."""
        return [
            mark
            for sent in self.producer.sent
            if sent.partition == 0 and kind_of(sent.headers) is Kind.PROGRESS
            for mark in decode_progress(sent.value or b"")
        ]

    def committed(self) -> dict[Key, int]:
        """Return the committed offsets."""
        return {key: stored.offset for key, stored in self.consumer.stored.items()}


def kind_of(headers: object) -> Kind | None:
    """Return the kind of an observation message, None for ticks and dead letters."""
    envelope = envelope_of(headers, OURS)  # type: ignore[arg-type]  # of a message that was sent
    return None if envelope is None else envelope.kind


def pseudonymise(
    decoded: DecodedPositions | DecodedDetections, rows: Int64Array
) -> tuple[UInt64Array, UInt64Array]:
    """Return what stands for pseudonyms: the last byte of an identity."""
    ends = decoded.identity_start[rows] + decoded.identity_length[rows] - 1
    return decoded.identity[ends].astype(np.uint64), decoded.identity_length[rows].astype(np.uint64)


def log_of(records: Sequence[Record], topic: str = RAW) -> list[Message]:
    """Return records as messages, each with the next offset of its partition."""
    ends: dict[int, int] = {}
    messages = []
    for record in records:
        offset = ends.get(record.partition, 0)
        ends[record.partition] = offset + 1
        headers = None
        value: bytes | None = None
        if record.event_ms is None:
            headers = [(TICK_HEADER, b"1")]
        else:
            value = b'{"vehicle":"%s","time":%d,"lat":52.0,"lon":5.0}' % (
                record.vehicle.encode(),
                NOW_MS + record.event_ms,
            )
        messages.append(
            message(
                topic,
                record.partition,
                offset,
                value,
                time_ms=NOW_MS + record.time_ms,
                headers=headers,  # type: ignore[arg-type]  # a list of a narrower type
            )
        )
    return messages


LOGS = st.lists(
    st.builds(
        Record,
        st.integers(0, 1),
        st.integers(0, 20_000),
        st.one_of(st.none(), st.integers(-100_000, 90_000)),
        st.sampled_from(["NL:A", "NL:B", "NL:C", ""]),
    ),
    max_size=14,
)
