"""Day rows: the random key of each local day, the partition count and the source topics that hold on it.

A row is made once and then only read, by all intake processes alike, so that a record always goes the same
way; only where a steward says so, another topic takes the place of one that is gone. Its key is wrapped with AES-GCM
by the master key, bound to its day, and destroyed by the clock of this database.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from duls.errors import ConfigError
from sinks.connection import Connection, open_connection
from sinks.key_wrap import KeyWrap
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.patience import Patience
from sinks.queries import query

EPOCH_DAY: Final = date(1970, 1, 1)


class DayRow(NamedTuple):
    """What decides identity and place of the records of a local day."""

    day: int  # local day, days since 1970-01-01
    key: bytes | None  # None: destroyed
    partitions: int  # of the observation topic
    sources: dict[str, UUID]  # source topics with their ids
    destroy_after_us: int

    def __repr__(self) -> str:
        """Return what may be shown: the key may not."""
        state = "destroyed" if self.key is None else "present"
        return f"DayRow(day={self.day}, key {state}, partitions={self.partitions})"


class KeyAge(NamedTuple):
    """How old the key of a day or a month is; `is_overdue` is one that should be destroyed and is not."""

    day: int  # of a month the first one
    has_key: bool
    made_us: int
    destroy_after_us: int
    is_overdue: bool


def require_keys(url: str) -> None:
    """Refuse to start without the keys database, or on one that was never migrated.

    Raises:
        ServiceAwayError: it does not answer.
        ConfigError: it has no tables of keys.
    """
    with open_connection(url, application_name="duls keys") as connection:
        if connection.execute(query("keys", "has_keys")).fetchone() != (True,):
            message = "the keys database lacks tables: run `duls migrate` first"
            raise ConfigError(message)


class KeyStore:
    """The keys database of one process; used from one thread.

    Args:
        url: libpq URL of the keys database.
        master_key: 32 bytes that wrap the keys.
        reader: who reads, for the audit: host and process.
        random_bytes: a cryptographic source, such as `secrets.token_bytes`.
        patience: how long each call goes on trying while the database is away.
        tell: called after each attempt with whether the database answered.
    """

    def __init__(
        self,
        url: str,
        master_key: bytes,
        *,
        reader: str,
        random_bytes: Callable[[int], bytes],
        patience: Patience,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = LastingConnection(url, application_name="duls keys", patience=patience, tell=tell)
        self._wrap = KeyWrap(master_key, random_bytes)
        self._reader = reader
        self._rows: dict[int, DayRow] = {}

    def close(self) -> None:
        """Close the connection and forget all keys."""
        self._rows.clear()
        self._database.close()

    def day_row(self, day: int, partitions: int, sources: Mapping[str, UUID]) -> DayRow:
        """Return the row of a day, making it with the given partitions and sources when there is none.

        Raises:
            ConfigError: the key was wrapped by another master key.
            ServiceAwayError: the keys database does not answer.
        """
        known = self._rows.get(day)
        if known is not None:
            return known
        row = self._database.run("read a day key", lambda c: self._made_and_read(c, day, partitions, sources))
        self._rows[day] = row
        return row

    def destroy_expired(self) -> list[int]:
        """Destroy the keys whose time is over and return their days.

        Keys that this process holds in memory are forgotten when they were destroyed, by whomever.
        """
        destroyed, forgotten = self._database.run("destroy expired keys", self._destroyed)
        for day in forgotten:
            self._rows.pop(day, None)
        return destroyed

    def sources(self) -> list[tuple[str, UUID]]:
        """Return the source topics of all days, by name and id."""
        return self._database.run(
            "read the topics of days", lambda c: c.execute(query("keys", "all_sources")).fetchall()
        )

    def renew_source(self, name: str, topic_id: UUID) -> int:
        """Let all days have another topic under a name; return how many had one with another id.

        Who holds a row in memory keeps its topic: no intake may run.
        """
        values = {"name": name, "topic_id": str(topic_id)}
        return self._database.run(
            "renew the topic of days", lambda c: c.execute(query("keys", "renew_source"), values).rowcount
        )

    def ages(self) -> list[KeyAge]:
        """Return the age of every key, by day."""
        rows = self._database.run(
            "read the ages of keys", lambda c: c.execute(query("keys", "key_ages")).fetchall()
        )
        return [KeyAge(_number(day), *rest) for day, *rest in rows]

    def _made_and_read(
        self, connection: Connection, day: int, partitions: int, sources: Mapping[str, UUID]
    ) -> DayRow:
        """Make the row unless it is there, then read it, and write both down."""
        values = {
            "day": _date(day),
            "wrapped_key": self._wrap.new_key(bound_to(day)),
            "partitions": partitions,
            "sources": msgspec.json.encode(
                {name: str(topic_id) for name, topic_id in sources.items()}
            ).decode(),
        }
        with connection.transaction():
            made = connection.execute(query("keys", "make_day_row"), values).fetchone()
            stored = connection.execute(query("keys", "read_day_row"), values).fetchall()[0]
            for event in ("made", "read") if made else ("read",):
                self._audit(connection, _date(day), event)
        wrapped, stored_partitions, stored_sources, destroy_after_us = stored
        ids = msgspec.json.decode(stored_sources, type=dict[str, UUID])
        key = self._wrap.key_in(wrapped, bound_to(day), str(_date(day)))
        return DayRow(day, key, stored_partitions, ids, destroy_after_us)

    def _destroyed(self, connection: Connection) -> tuple[list[int], list[int]]:
        """Destroy expired keys; return their days, and the days to forget."""
        with connection.transaction():
            expired = connection.execute(query("keys", "destroy_expired")).fetchall()
            for (day,) in expired:
                self._audit(connection, day, "destroyed")
        if expired:
            connection.execute(query("keys", "rewrite_rows"))
        held = {"days": [_date(day) for day in self._rows]}
        gone = connection.execute(query("keys", "destroyed_days"), held).fetchall()
        return sorted(_number(day) for (day,) in expired), [_number(day) for (day,) in gone]

    def _audit(self, connection: Connection, day: date, event: str) -> None:
        """Write down what was done with a key."""
        audit = {"day": day, "event": event, "reader": self._reader, "kind": "day"}
        connection.execute(query("keys", "audit"), audit)


def bound_to(day: int) -> bytes:
    """Return what the wrapping is bound to, so that the key of one day cannot stand in for another."""
    return b"duls-day-key:" + _date(day).isoformat().encode()


def _date(day: int) -> date:
    """Return a day number as a date."""
    return EPOCH_DAY + timedelta(days=day)


def _number(day: date) -> int:
    """Return a date as a day number."""
    return (day - EPOCH_DAY).days
