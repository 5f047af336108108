"""Month keys: the random key by which vehicles are known over the days of one local month.

There is none unless `privacy.month_key` asks for it. Like the keys of days they are made once, wrapped by the master
key, bound to their month, audited, and destroyed by the clock of their database.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

from sinks.connection import Connection
from sinks.key_wrap import KeyWrap
from sinks.keys import EPOCH_DAY, KeyAge
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.patience import Patience
from sinks.queries import query

KIND: Final = "month"


class MonthKeyStore:
    """The keys of months in the keys database, for one process; used from one thread.

    A month goes by its first local day, as days since 1970-01-01. The arguments are those of `sinks.keys.KeyStore`.
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
        self._database = LastingConnection(
            url, application_name="duls month keys", patience=patience, tell=tell
        )
        self._wrap = KeyWrap(master_key, random_bytes)
        self._reader = reader
        self._keys: dict[int, bytes | None] = {}

    def close(self) -> None:
        """Close the connection and forget all keys."""
        self._keys.clear()
        self._database.close()

    def month_key(self, month: int) -> bytes | None:
        """Return the key of a month, making it when there was none; None once it is destroyed.

        Raises:
            ConfigError: the key was wrapped by another master key.
            ServiceAwayError: the keys database does not answer.
        """
        if month not in self._keys:
            self._keys[month] = self._database.run(
                "read a month key", lambda c: self._made_and_read(c, _date(month))
            )
        return self._keys[month]

    def destroy_expired(self) -> list[int]:
        """Destroy the keys whose time is over and return their months.

        Keys that this process holds in memory are forgotten when they were destroyed, by whomever.
        """
        return self._database.run(
            "destroy expired month keys", lambda c: self._destroyed(c, "destroy_expired_months")
        )

    def destroy_all(self) -> list[int]:
        """Destroy all keys, where months are not asked for any more, and return their months."""
        return self._database.run("destroy month keys", lambda c: self._destroyed(c, "destroy_all_months"))

    def ages(self) -> list[KeyAge]:
        """Return the age of every key, by month."""
        rows = self._database.run(
            "read the ages of month keys", lambda c: c.execute(query("keys", "month_ages")).fetchall()
        )
        return [KeyAge(_number(month), *rest) for month, *rest in rows]

    def _made_and_read(self, connection: Connection, month: date) -> bytes | None:
        """Make the key unless it is there, then read it, and write both down."""
        values = {"month": month, "wrapped_key": self._wrap.new_key(bound_to_month(month))}
        with connection.transaction():
            made = connection.execute(query("keys", "make_month_key"), values).fetchone()
            wrapped = connection.execute(query("keys", "read_month_key"), values).fetchall()[0][0]
            for event in ("made", "read") if made else ("read",):
                self._audit(connection, month, event)
        return self._wrap.key_in(wrapped, bound_to_month(month), f"the month {month:%Y-%m}")

    def _destroyed(self, connection: Connection, name: str) -> list[int]:
        """Destroy keys by a statement that returns their months."""
        with connection.transaction():
            months = connection.execute(query("keys", name)).fetchall()
            for (month,) in months:
                self._audit(connection, month, "destroyed")
        if months:
            connection.execute(query("keys", "rewrite_months"))
        held = {"months": [_date(month) for month in self._keys]}
        for (month,) in connection.execute(query("keys", "destroyed_months"), held).fetchall():
            self._keys[_number(month)] = None
        return sorted(_number(month) for (month,) in months)

    def _audit(self, connection: Connection, month: date, event: str) -> None:
        """Write down what was done with a key."""
        audit = {"day": month, "event": event, "reader": self._reader, "kind": KIND}
        connection.execute(query("keys", "audit"), audit)


def bound_to_month(month: date) -> bytes:
    """Return what the wrapping of a month's key is bound to."""
    return b"duls-month-key:" + f"{month:%Y-%m}".encode()


def _date(month: int) -> date:
    """Return the number of a month's first day as a date."""
    return EPOCH_DAY + timedelta(days=month)


def _number(month: date) -> int:
    """Return the first day of a month as its number."""
    return (month - EPOCH_DAY).days
