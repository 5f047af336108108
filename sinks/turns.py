"""Turns: what one process at a time does, told apart by rows that only those with rights on them can lock.

Advisory locks would do the same, but any login may take them: one query of a reader would stop every flush.
"""

from enum import Enum

from duls.errors import RefusedError
from sinks.connection import Connection
from sinks.queries import query


class Turn(Enum):
    """What one process at a time does; the value is the row."""

    CLAIMS = "claims"  # take over observation partitions
    REGISTRY = "registry"  # store zones, cameras and settings
    RULES = "rules"  # store rules of alerts
    SHARDS = "shards"  # see who watches, and take shards of zones
    PUBLICATION = "publication"  # publish days and months


def take_turn(connection: Connection, turn: Turn) -> None:
    """Wait for a turn, and have it until the end of the transaction that runs.

    Raises:
        RefusedError: the database has no such turn.
    """
    if not connection.execute(query("turns", "take"), {"name": turn.value}).fetchall():
        message = f"core.turn has no row {turn.value!r}: run `duls migrate`, which puts it back"
        raise RefusedError(message)


def hold_turn(connection: Connection, turn: Turn) -> bool:
    """Hold a turn over several transactions, until it is given back or the session ends; False: another one does.

    Raises:
        RefusedError: the database has no such turn.
    """
    with connection.transaction():
        take_turn(connection, turn)
        return bool(connection.execute(query("turns", "hold"), {"name": turn.value}).fetchall())


def give_back_turn(connection: Connection, turn: Turn) -> None:
    """Hold a turn no longer; where another session holds it, nothing changes."""
    connection.execute(query("turns", "give_back"), {"name": turn.value})
