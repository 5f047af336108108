"""Source positions over a fake consumer and a clock that stands, and what an earlier owner left."""

from uuid import UUID

from confluent_kafka import TopicPartition

from streams.raw_batch import PartitionPosition
from streams.source_positions import Gap, GapBook, PositionMetadata, SourcePositions
from streams.topic_watch import TopicWatch
from tests.streams.client_fakes import FakeConsumer

RAW = "raw"
TOPIC_ID = bytes(range(16))
NEVER_US = -(1 << 62)
US = 1_000_000
KEY = (RAW, 0)


class World:
    """Positions over a fake consumer, a clock that stands until it is set, and what was called."""

    def __init__(self, partitions: int = 3) -> None:
        self.now_s = 100.0
        self.counted: dict[tuple[bytes, int], int] = {}
        self.gaps: list[Gap] = []
        self.releases = 0
        self.topic_ids = {RAW: UUID(bytes=TOPIC_ID)}  # as the broker tells them
        self.attached: list[TopicPartition] = []
        self.consumer = FakeConsumer()
        self.positions = SourcePositions(
            self.consumer,  # type: ignore[arg-type]  # the fake has the methods that are used
            {RAW: TOPIC_ID},
            {RAW: partitions},
            gaps=GapBook(
                self.gaps.append, lambda topic_id, partition: self.counted.get((topic_id, partition))
            ),
            watch=TopicWatch({RAW: UUID(bytes=TOPIC_ID)}, lambda _: self.topic_ids),
            before_release=self._release,
            attach=self.attached.extend,
            monotonic=lambda: self.now_s,
        )
        self.positions.subscribe()

    def _release(self) -> None:
        """Count the calls before a release, when positions are still known."""
        self.releases += 1
        assert self.positions.all()

    def commit(self, partition: int, offset: int, metadata: str | None) -> None:
        """Store an offset as an earlier owner did."""
        told = () if metadata is None else (metadata,)
        self.consumer.stored[RAW, partition] = TopicPartition(RAW, partition, offset, *told)

    def read(self, partition: int, next_offset: int, arrival_us: int) -> None:
        """Read up to an offset."""
        self.positions.move(RAW, {partition: PartitionPosition(next_offset, arrival_us, arrival_us)})


def metadata(topic_id: bytes = TOPIC_ID) -> str:
    """Return metadata of a position with an arrival and an event time."""
    return PositionMetadata.of(topic_id, PartitionPosition(0, 7 * US, 5 * US)).encode()
