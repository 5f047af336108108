"""Taking over partitions: a new epoch, under the guards against wrong beginnings."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple
from uuid import UUID

from duls.errors import RefusedError, TopicChangedError
from sinks.connection import Connection
from sinks.queries import query
from sinks.turns import Turn, take_turn

Beginning = Literal["earliest"]

FORGET: Final = (
    "forget_cursors",
    "forget_snapshots",
    "forget_now",
    "forget_clocks",
    "forget_now_clocks",
    "forget_open_visits",
)


class Claim(NamedTuple):
    """What a process holds of a partition: its epoch, and the first offset that has had no effect."""

    epoch: int
    next_offset: int


class _Known(NamedTuple):
    """What the database knows before a claim."""

    ours: set[int]  # partitions of our topic that have an offset
    others: set[int]  # partitions of other topics
    has_figures: bool


def claim(
    connection: Connection,
    topic_id: UUID,
    partitions: Sequence[int],
    earliest: Mapping[int, int],
    beginning: Beginning | None = None,
) -> dict[int, Claim]:
    """Take over *partitions* under a new epoch and return where each goes on.

    The first claim of an empty database makes the rows of all partitions, so that a process that claims the
    others later is not taken for one whose rows were lost. A partition that the topic got later begins at 0.

    Args:
        connection: an autocommit connection.
        topic_id: id of the observation topic.
        partitions: those to take over.
        earliest: the first readable offset of *every* partition of the topic.
        beginning: "earliest" where an operator says so; then rows that are missing begin there, and so do those
            whose state needs records that are gone, with a gap written down.

    Raises:
        TopicChangedError: the stored offsets speak of another topic.
        RefusedError: an offset is missing although figures exist.
    """
    with connection.transaction():
        take_turn(connection, Turn.CLAIMS)
        known = _known(connection, topic_id)
        if known.others and beginning is None:
            raise TopicChangedError(_topic_changed(topic_id))
        missing = sorted(set(earliest) - known.ours)
        if missing:
            _begin(connection, topic_id, {p: earliest[p] for p in missing}, (known, beginning))
        values = {"topic_id": topic_id, "partitions": list(partitions)}
        stored = connection.execute(query("progress", "lock_offsets"), values).fetchall()
        if beginning is not None:
            for partition, next_offset, _, _ in stored:
                _skip_gone(connection, (topic_id, partition), next_offset, earliest[partition])
        rows = connection.execute(query("progress", "claim_offsets"), values).fetchall()
    claims = {partition: Claim(epoch, next_offset) for partition, epoch, next_offset in rows}
    unknown = sorted(set(partitions) - set(claims))
    if unknown:
        message = f"no offset and no earliest offset of observation partitions {unknown}: pass all partitions"
        raise RefusedError(message)
    return claims


def _known(connection: Connection, topic_id: UUID) -> _Known:
    """Return what the database knows of offsets and figures."""
    rows = connection.execute(query("progress", "all_offsets")).fetchall()
    figures = connection.execute(query("progress", "has_figures")).fetchone()
    return _Known(
        {partition for topic, partition in rows if topic == topic_id},
        {partition for topic, partition in rows if topic != topic_id},
        has_figures=bool(figures and figures[0]),
    )


def _begin(
    connection: Connection,
    topic_id: UUID,
    earliest: Mapping[int, int],
    circumstances: tuple[_Known, Beginning | None],
) -> None:
    """Store where missing partitions begin, unless that could make figures wrong."""
    known, beginning = circumstances
    if beginning is not None:
        _forget(connection, topic_id, sorted(set(earliest) | known.others))
    elif (known.ours or known.has_figures) and not _were_added(earliest, known):
        raise RefusedError(_missing(topic_id, sorted(earliest)))
    values = {
        "topic_id": topic_id,
        "partitions": list(earliest),
        "next_offsets": list(earliest.values()),
    }
    connection.execute(query("progress", "begin_partitions"), values)


def _skip_gone(
    connection: Connection, place: tuple[UUID, int], next_offset: int, earliest_offset: int
) -> None:
    """Begin a partition anew where its snapshot, or its offset, needs records that are gone."""
    topic_id, partition = place
    values = {"topic_id": topic_id, "partition": partition}
    snapshot = connection.execute(query("progress", "load_snapshot"), values).fetchone()
    needed = next_offset if snapshot is None else min(next_offset, snapshot[0])
    if needed >= earliest_offset:
        return
    if next_offset >= earliest_offset:
        # the state is built from what the log has; what was counted stands, and cursors tell how far that is
        connection.execute(query("progress", "forget_snapshots"), {"partitions": [partition]})
    else:
        _forget(connection, topic_id, [partition])
        gap = {"from_offset": next_offset, "to_offset": earliest_offset}
        source = {"source_topic_id": topic_id, "source_partition": partition}
        connection.execute(query("progress", "add_gap"), {**source, **gap})
        connection.execute(query("progress", "skip_offset"), {**values, "next_offset": earliest_offset})


def _were_added(earliest: Mapping[int, int], known: _Known) -> bool:
    """Tell whether the missing partitions are new ones of a topic that is otherwise known without a hole."""
    is_whole = bool(known.ours) and known.ours == set(range(len(known.ours)))
    return is_whole and all(offset == 0 for offset in earliest.values())


def _forget(connection: Connection, topic_id: UUID, partitions: list[int]) -> None:
    """Remove what belongs to the progress that is given up, so that nothing is compared with it."""
    for name in FORGET:
        connection.execute(query("progress", name), {"partitions": partitions})
    connection.execute(query("progress", "forget_other_topics"), {"topic_id": topic_id})


def _topic_changed(topic_id: UUID) -> str:
    """Say that offsets of another topic are stored, and what to do."""
    return (
        f"the stored offsets speak of another observation topic than {topic_id}: it was re-created. Either "
        "connect to the broker that has the old topic, or, when it is gone, begin at the earliest offset "
        "explicitly with `duls run aggregate --from-beginning`; observations that were only in the old topic are "
        "then lost"
    )


def _missing(topic_id: UUID, partitions: list[int]) -> str:
    """Say that offsets are missing, and what to do."""
    return (
        f"observation topic {topic_id}: no stored offset for partitions {partitions}, although figures "
        "exist. Restore the database completely, or empty it, or begin at the earliest offset explicitly; "
        "what was counted from the observations still in the topic is then counted twice"
    )
