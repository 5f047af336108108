"""Connections that do not wait for ever for a server that holds them and says nothing.

A server that is frozen - stopped, on a disk that is gone, in a machine that sleeps - ends nothing: its own limits sleep
with it, and its kernel goes on to acknowledge packets. So the limit must be ours. psycopg waits in one place,
`Connection.wait`, with a generator that it resumes whenever the socket is ready, and ten times a second when it is
not. Each such turn is where silence is measured: no thread looks on.

Silence is time in which the socket was not ready for what is waited for: no byte came, and where there is something to
send, none could be sent. So a COPY that moves is never silent, however long it takes, and a statement is silent while
the server works on it. The server ends a statement of its own accord after `statement_timeout`; a server that has said
nothing for longer than that, and a margin, does not work. The connection is closed then, and the error is an
OperationalError like that of any other loss: the outcome of what was under way is unknown.
"""

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.rows import TupleRow

from sinks.patience import never

STATEMENT_S: Final = 120.0  # as session.sql sets it
LONGEST_S: Final = STATEMENT_S + 15.0  # a living server needs a moment to end a statement and to say so
READING_S: Final = 10.0  # twice what reading.sql gives a statement
TOLD_S: Final = 5.0  # a silence so long is told, while it is waited on
STOPPING_S: Final = 3.0  # a role ends within 10 s of SIGTERM


class SilenceError(psycopg.OperationalError):
    """The server holds the connection and does not answer; the connection is closed."""


def tell_nobody() -> None:
    """Tell nobody that the server is silent."""


class Silence(NamedTuple):
    """How long a server may be silent; the clock is an argument for tests."""

    longest_s: float = LONGEST_S
    should_stop: Callable[[], bool] = never  # then `STOPPING_S` is enough
    tell: Callable[[], None] = tell_nobody  # called once in each silence that is longer than `TOLD_S`
    clock: Callable[[], float] = time.monotonic

    def is_over(self, silent_s: float) -> bool:
        """Tell whether a silence was waited on long enough."""
        return silent_s > self.longest_s or (silent_s > STOPPING_S and self.should_stop())


ENDLESS: Final = Silence(longest_s=float("inf"))
"""For migrations, which wait for each other and take as long as they take."""


def listened(waiting: PQGen[RV], silence: Silence) -> PQGen[RV]:
    """Pass on what a generator of psycopg waits for, as long as the server is not silent for too long.

    Such a generator yields what it waits for, and is sent what is ready; 0 is nothing yet.

    Raises:
        SilenceError: it was.
    """
    try:
        wanted = next(waiting)
        heard_s = silence.clock()
        is_told = False
        while True:
            ready = yield wanted
            now_s = silence.clock()
            if ready:
                heard_s, is_told = now_s, False
            elif silence.is_over(now_s - heard_s):
                message = f"the server holds the connection and has not answered for {now_s - heard_s:.0f} s"
                raise SilenceError(message)
            elif not is_told and now_s - heard_s > TOLD_S:
                is_told = True
                silence.tell()
            wanted = waiting.send(ready)
    except StopIteration as done:
        result: RV = done.value
        return result


class ListeningConnection(psycopg.Connection[TupleRow]):
    """A connection that is closed when the server is silent for too long, and when a wait for it is interrupted."""

    silence: Silence = Silence()

    def wait(self, gen: PQGen[RV], *arguments: Any, **options: Any) -> RV:
        """Wait as psycopg does, while the server is heard.

        Raises:
            SilenceError: it was silent for too long.
        """
        try:
            return super().wait(listened(gen, self.silence), *arguments, **options)
        except (SilenceError, KeyboardInterrupt, SystemExit):
            # else leaving a transaction would ask the server to roll back, and wait for it once more
            self.close()
            raise
