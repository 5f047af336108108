"""Keys by which senders name their uploads, so that one that is sent again is taken once."""

import uuid

from sinks.connection import Connection
from sinks.queries import query


def is_known_key(connection: Connection, sender: str, key: uuid.UUID) -> bool:
    """Tell whether an upload of this sender with this key was taken."""
    return (
        connection.execute(query("uploads", "is_known"), {"sender": sender, "key": key}).fetchone()
        is not None
    )


def note_key(connection: Connection, sender: str, key: uuid.UUID) -> None:
    """Remember the key of an upload that was taken."""
    connection.execute(query("uploads", "note"), {"sender": sender, "key": key})
