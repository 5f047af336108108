"""Actions of operators, written down as they come from their topic; times in microseconds."""

from typing import Final, NamedTuple
from uuid import UUID

from sinks.connection import Connection
from sinks.queries import query

SILENCE: Final = "silence"
UNSILENCE: Final = "unsilence"


class ReceivedAction(NamedTuple):
    """An action as it was read."""

    action_id: UUID
    kind: str
    alert_id: str | None
    zone_id: str | None
    done_by: str
    done_us: int
    note: str | None
    from_us: int | None  # of a silence
    until_us: int | None
    document: str  # JSON


class ActionStatus(NamedTuple):
    """What came of an action."""

    action_id: UUID
    zone_id: str | None  # None: it names nothing that there is
    kind: str
    handled_us: int | None  # None: it waits for the process that watches the zone
    refusal: str | None


def next_offset(connection: Connection, topic_id: UUID) -> int | None:
    """Return the first offset that was not read, None where nothing of this topic was."""
    row = connection.execute(query("overload_actions", "next_offset"), {"topic_id": topic_id}).fetchone()
    return None if row is None else int(row[0])


def move_offset(connection: Connection, topic_id: UUID, offset: int) -> None:
    """Note how far the topic was read; it never goes back."""
    values = {"topic_id": topic_id, "next_offset": offset}
    connection.execute(query("overload_actions", "move_offset"), values)


def receive(connection: Connection, action: ReceivedAction, place: tuple[UUID, int]) -> ActionStatus:
    """Write an action down and return what is known of it; the same again changes nothing.

    Silences take effect at once, whoever watches the zone; what is about an alert waits for that process.

    Args:
        connection: an autocommit connection.
        action: what was read.
        place: topic and offset behind the action.
    """
    values = action._asdict()
    with connection.transaction():
        is_new = connection.execute(query("overload_actions", "add_action"), values).rowcount
        if is_new and action.kind in {SILENCE, UNSILENCE}:
            name = "add_silence" if action.kind == SILENCE else "end_silences"
            connection.execute(query("overload_actions", name), values)
            connection.execute(query("overload_actions", "handle"), {**values, "refusal": None})
        move_offset(connection, *place)
        status = action_status(connection, action.action_id)
    if status is None:
        message = f"action {action.action_id} was written and is gone"
        raise LookupError(message)
    return status


def action_status(connection: Connection, action_id: UUID) -> ActionStatus | None:
    """Return what came of an action, None where nobody has read it yet."""
    row = connection.execute(query("overload_actions", "action"), {"action_id": action_id}).fetchone()
    return None if row is None else ActionStatus(*row)
