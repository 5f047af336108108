"""Who watches which zones: shards, leased to living processes and taken over under a new epoch.

Every process says each second or so that it lives, and sees what the others hold. All agree on how many shards
each may hold; who holds more gives some back, and who holds fewer takes what nobody living holds. So a process
that died is replaced once its lease is over, and one that was only asleep finds its epoch gone when it wakes.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import UUID

from sinks.connection import Connection
from sinks.overload_parts import ShardClaim
from sinks.queries import query
from sinks.turns import Turn, take_turn

SHARDS: Final = 16
"""Shares that the zones are in, as the migration made them."""


class Holdings(NamedTuple):
    """What one process holds and should hold, at one moment."""

    held: dict[int, int]  # epoch by shard
    free: tuple[int, ...]  # shards that no living process holds
    fair: int  # how many shards this process should hold

    @property
    def surplus(self) -> tuple[int, ...]:
        """Return the shards to give back, none where the process holds no more than it should."""
        return tuple(sorted(self.held)[self.fair :])

    @property
    def wanted(self) -> tuple[int, ...]:
        """Return the shards to take."""
        return self.free[: max(0, self.fair - len(self.held))]


def see_holdings(connection: Connection, worker_id: UUID, lease_s: float) -> Holdings:
    """Say that this process lives, and return what it holds and should hold."""
    with connection.transaction():
        return _see_holdings(connection, worker_id, lease_s)


def claim_shards(connection: Connection, worker_id: UUID, lease_s: float) -> list[ShardClaim]:
    """Take what this process should hold and nobody else does, also what it holds already, under new epochs.

    What it holds beyond its share it gives back; everything must be stored.
    """
    with connection.transaction():
        holdings = _see_holdings(connection, worker_id, lease_s)
        release_shards(connection, worker_id, holdings.surplus)
        kept = sorted(holdings.held)[: holdings.fair]
        values = {"worker_id": worker_id, "shards": [*kept, *holdings.wanted]}
        rows = connection.execute(query("overload", "claim_shards"), values).fetchall()
    return sorted(ShardClaim(*row) for row in rows)


def release_shards(connection: Connection, worker_id: UUID, shards: Sequence[int]) -> None:
    """Give shards back, of which everything is stored."""
    values = {"worker_id": worker_id, "shards": list(shards)}
    connection.execute(query("overload", "release_shards"), values)


def leave(connection: Connection, worker_id: UUID, shards: Sequence[int]) -> None:
    """Give shards back and say that this process ends, so that the others need not wait for its lease."""
    with connection.transaction():
        take_turn(connection, Turn.SHARDS)
        release_shards(connection, worker_id, shards)
        connection.execute(query("overload", "forget_worker"), {"worker_id": worker_id})


def _see_holdings(connection: Connection, worker_id: UUID, lease_s: float) -> Holdings:
    """Return the holdings within a transaction."""
    values = {"worker_id": worker_id, "lease_s": lease_s}
    take_turn(connection, Turn.SHARDS)
    connection.execute(query("overload", "see_worker"), values)
    connection.execute(query("overload", "forget_dead_workers"), values)
    workers = [row[0] for row in connection.execute(query("overload", "workers")).fetchall()]
    shards = connection.execute(query("overload", "shards")).fetchall()
    return Holdings(
        held={shard: epoch for shard, epoch, holder in shards if holder == worker_id},
        free=tuple(shard for shard, _, holder in shards if holder is None),
        fair=fair_share(len(shards), len(workers), workers.index(worker_id)),
    )


def fair_share(shards: int, workers: int, place: int) -> int:
    """Return how many shards the worker at a *place* of the order holds: the first ones take what is left over."""
    return shards // workers + (place < shards % workers)
