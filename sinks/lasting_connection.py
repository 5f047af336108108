"""A connection that is made when first needed, dropped after a loss, and made again while patience lasts."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import psycopg

from duls.errors import ServiceAwayError
from sinks.connection import Connection, first_line, raw_connection
from sinks.patience import Patience
from sinks.silence import LONGEST_S, Silence

LOST: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    # the server ends the session of a process that slept; psycopg files these under internal errors
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.TransactionTimeout,
    # a failover landed on a server that is not the first one yet
    psycopg.errors.ReadOnlySqlTransaction,
)

Result = TypeVar("Result")
Action = Callable[[Connection], Result]
Tell = Callable[[bool], None]


def no_preparation(connection: Connection) -> None:
    """Leave a new connection as it is."""
    del connection


def tell_nobody(answered: bool) -> None:  # noqa: FBT001  # a callback with one argument
    """Tell nobody whether the database answered."""
    del answered


class LastingConnection:
    """One connection at a time to one database, used from one thread.

    Args:
        url: libpq URL.
        application_name: shown by the server.
        patience: how long each `run` goes on trying.
        prepare: called with each new connection.
        tell: called after each attempt with whether the database answered, and with False as soon as it is silent.
        longest_silence_s: how long an attempt waits for a server that holds the connection and does not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        application_name: str,
        patience: Patience,
        prepare: Callable[[Connection], None] = no_preparation,
        tell: Tell = tell_nobody,
        longest_silence_s: float = LONGEST_S,
    ) -> None:
        self._url = url
        self._application_name = application_name
        self._patience = patience
        self._prepare = prepare
        self._tell = tell
        self._silence = Silence(longest_silence_s, patience.should_stop, self._tell_lost)
        self._is_told_lost = False
        self._connection: Connection | None = None

    def run(self, what: str, action: Action[Result]) -> Result:
        """Run *action*, again on a new connection after each loss, as long as the patience lasts.

        Deadlocks, serialisation failures and a full disk are OperationalErrors too, and so are tried again.
        An action whose repetition is not harmless must find out itself what became of the earlier one.

        Raises:
            ServiceAwayError: the patience is over.
        """
        lost: Exception | None = None
        attempts = self._patience.attempts(what)
        while True:
            try:
                next(attempts)
            except ServiceAwayError as away:
                message = f"{away}; last error: {first_line(lost) if lost else 'none'}"
                raise ServiceAwayError(message) from lost
            self._is_told_lost = False
            try:
                result = action(self._connected())
            except LOST as error:
                lost = error
                self._tell_lost()
                self.close()
            except BaseException:
                self._close_unless_idle()
                raise
            else:
                self._tell(True)
                return result

    def close(self) -> None:
        """Close the connection; a later call would make a new one."""
        if self._connection is not None:
            with suppress(*LOST):
                self._connection.close()
            self._connection = None

    def _tell_lost(self) -> None:
        """Tell once in each attempt that the database did not answer."""
        if not self._is_told_lost:
            self._is_told_lost = True
            self._tell(False)

    def _connected(self) -> Connection:
        """Return the connection, making it when there is none."""
        if self._connection is None:
            connection = raw_connection(
                self._url, application_name=self._application_name, silence=self._silence
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _close_unless_idle(self) -> None:
        """Drop a connection that an error left within a transaction, or broken."""
        connection = self._connection
        if connection is None or connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.close()
