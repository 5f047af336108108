"""The database as the alert role sees it: claims, flushes and what was stored, across lost connections.

As with `sinks.flow_store`, a flush whose outcome is unknown is never repeated blindly.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final
from uuid import UUID

from duls.errors import FencedError
from sinks.connection import Connection
from sinks.flush import Failpoint, no_failpoint
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.overload_claims import claim_shards, leave, release_shards
from sinks.overload_parts import (
    ForecastRow,
    OverloadFlush,
    PageRow,
    RunningAlert,
    ShardAdvance,
    ShardClaim,
    StoredShards,
    StoredWatch,
    WaitingAction,
)
from sinks.patience import Patience
from sinks.queries import query
from sinks.row_columns import columns_of

PARTS: Final = (
    ("set_alerts", "alerts"),
    ("set_watches", "watches"),
    ("remove_watches", "gone"),
    ("add_events", "events"),
    ("set_pages", "pages"),
    ("add_deliveries", "deliveries"),
    ("handle_actions", "handled"),
    ("set_forecasts", "forecasts"),
    ("remove_forecasts", "gone_forecasts"),
)
"""Statements and the parts of a flush that they bring, in the order in which every process locks tables."""


class OverloadStore:
    """The alerts of one process; used from one thread at a time.

    Args:
        url: libpq URL of the database.
        worker_id: of this process.
        patience: how long each call goes on trying while the database is away.
        failpoint: called with the name of each place that a flush passes.
    """

    def __init__(
        self,
        url: str,
        worker_id: UUID,
        *,
        patience: Patience,
        failpoint: Failpoint = no_failpoint,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = LastingConnection(
            url, application_name="duls alert", patience=patience, prepare=_limit_transactions, tell=tell
        )
        self._worker_id = worker_id
        self._failpoint = failpoint
        self._flush_numbers = count(1)

    def close(self) -> None:
        """Close the connection; a later call would make a new one."""
        self._database.close()

    def claim(self, lease_s: float) -> list[ShardClaim]:
        """Take the shards that this process should hold; see `sinks.overload_claims`."""
        return self._database.run("claim shards", lambda c: claim_shards(c, self._worker_id, lease_s))

    def release(self, shards: Sequence[int]) -> None:
        """Give shards back."""
        self._database.run("give shards back", lambda c: release_shards(c, self._worker_id, shards))

    def leave(self, shards: Sequence[int]) -> None:
        """Give shards back and be no worker any more."""
        self._database.run("leave", lambda c: leave(c, self._worker_id, shards))

    def load(self, shards: Sequence[int]) -> StoredShards:
        """Return what is stored of shards; pages and actions of all zones, for these rows know no shard."""
        return self._database.run("load watches", lambda c: _load(c, shards))

    def flush(self, parts: OverloadFlush) -> None:
        """Bring *parts* to the database exactly once.

        Raises:
            FencedError: another process holds one of the shards; *parts* is not in the database, or it was there
                before the other process took over.
            ServiceAwayError: the database stayed away; the outcome is unknown, so the process must start again
                from what is stored.
        """
        flush_no = next(self._flush_numbers)
        doubts = False

        def once(connection: Connection) -> None:
            """Flush, unless an earlier attempt turns out to have succeeded."""
            nonlocal doubts
            if doubts and self._was_committed(connection, parts.advances, flush_no):
                return
            doubts = True
            self._flush(connection, parts, flush_no)

        self._database.run("store alerts", once)

    def _flush(self, connection: Connection, parts: OverloadFlush, flush_no: int) -> None:
        """Move the shards, then bring everything that belongs to that."""
        self._failpoint("alert-before-transaction")
        with connection.transaction():
            values = {
                **columns_of(parts.advances),
                "topic_id": parts.topic_id,
                "worker_id": self._worker_id,
                "flush_no": flush_no,
            }
            rows = connection.execute(query("overload", "move_shards"), values).fetchall()
            _refuse_lost({advance.shard for advance in parts.advances} - {row[0] for row in rows})
            for statement, field in PARTS:
                if part := getattr(parts, field):
                    connection.execute(query("overload", statement), columns_of(part))
            self._failpoint("alert-before-commit")
        self._failpoint("alert-after-commit")

    def _was_committed(self, connection: Connection, advances: Sequence[ShardAdvance], flush_no: int) -> bool:
        """Tell whether a flush without an answer took place.

        Raises:
            FencedError: a shard was taken over meanwhile, so it does not matter any more.
        """
        epochs = {advance.shard: advance.epoch for advance in advances}
        rows = connection.execute(query("overload", "lock_shards"), {"shard": list(epochs)}).fetchall()
        _refuse_lost(
            {shard for shard, epoch, holder, _ in rows if epoch != epochs[shard] or holder != self._worker_id}
        )
        return all(last_flush == flush_no for _, _, _, last_flush in rows)


def _refuse_lost(shards: set[int]) -> None:
    """Raise where shards are not ours any more."""
    if shards:
        message = (
            f"shards {sorted(shards)} of the zones were taken over by another process: nothing was changed"
        )
        raise FencedError(message)


def _limit_transactions(connection: Connection) -> None:
    """Limit how long a process that was stopped in a transaction can hold the rows of its shards."""
    connection.execute(query("session", "limit_transactions"))


def _load(connection: Connection, shards: Sequence[int]) -> StoredShards:
    """Read everything of shards at one moment."""
    values = {"shards": list(shards)}
    with connection.transaction():
        return StoredShards(
            watches=[StoredWatch(*row) for row in _rows(connection, "stored_watches", values)],
            alerts=[RunningAlert(*row) for row in _rows(connection, "running_alerts", values)],
            pages=[PageRow(*row) for row in _rows(connection, "stored_pages", {})],
            actions=[WaitingAction(*row) for row in _rows(connection, "waiting_actions", {})],
            forecasts=[ForecastRow(*row) for row in _rows(connection, "stored_forecasts", values)],
        )


def _rows(connection: Connection, name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a query of `overload.sql`."""
    return connection.execute(query("overload", name), values).fetchall()
