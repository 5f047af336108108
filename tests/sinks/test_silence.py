"""A server that holds a connection and says nothing is given up, and one that is slow is not."""

import itertools
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

from duls.errors import ServiceAwayError
from sinks.connection import Connection, raw_connection
from sinks.lasting_connection import LastingConnection
from sinks.migrate import migrate
from sinks.patience import Patience
from sinks.reading import Reader
from sinks.silence import LONGEST_S, STOPPING_S, TOLD_S, Silence, SilenceError, listened


def answer_after(turns: int) -> PQGen[str]:
    """Wait as psycopg does, until the socket was ready for the given number of times."""
    while turns:
        if (yield Wait.R):
            turns -= 1
    return "answer"


class Listener:
    """Resumes a wait as psycopg does, with a clock of its own."""

    def __init__(self, *, turns: int = 1, longest_s: float = LONGEST_S) -> None:
        self.now_s = 0.0
        self.is_stopping = False
        self.told_s: list[float] = []
        silence = Silence(
            longest_s, lambda: self.is_stopping, lambda: self.told_s.append(self.now_s), self.clock
        )
        self._waiting = listened(answer_after(turns), silence)
        next(self._waiting)

    def clock(self) -> float:
        """Return the time, in seconds."""
        return self.now_s

    def pass_time(self, length_s: float, ready: Ready = Ready.NONE) -> None:
        """Resume after a while with what is ready."""
        self.now_s += length_s
        self._waiting.send(ready)


def test_an_answer_is_passed_on() -> None:
    """What the wait of psycopg returns is returned."""
    listener = Listener()

    with pytest.raises(StopIteration) as done:
        listener.pass_time(1.0, Ready.R)

    assert "answer" == done.value.value


def test_silence_ends_after_its_longest_time() -> None:
    """A server has longer than any statement may take."""
    listener = Listener(longest_s=135.0)
    listener.pass_time(135.0)

    with pytest.raises(SilenceError, match="has not answered for 136 s"):
        listener.pass_time(1.0)


def test_bytes_that_move_end_a_silence() -> None:
    """A COPY of hours goes on as long as something is sent from time to time."""
    listener = Listener(turns=1_000, longest_s=10.0)
    for _ in range(900):
        listener.pass_time(9.0)
        listener.pass_time(0.5, Ready.W)

    with pytest.raises(SilenceError):
        listener.pass_time(11.0)


def test_whoever_stops_waits_for_a_short_time_only() -> None:
    """A statement that is answered soon is not cut; a longer silence ends as soon as stopping is asked for."""
    listener = Listener()
    listener.is_stopping = True
    listener.pass_time(STOPPING_S)
    listener.is_stopping = False
    listener.pass_time(60.0)
    listener.is_stopping = True

    with pytest.raises(SilenceError):
        listener.pass_time(0.1)


def test_a_silence_is_told_once() -> None:
    """The next silence is told again."""
    listener = Listener(turns=2)
    for _ in range(100):
        listener.pass_time(0.1)
    listener.pass_time(0.0, Ready.R)
    listener.pass_time(TOLD_S + 1.0)

    assert [pytest.approx(TOLD_S + 0.1, abs=0.11), 16.0] == [listener.told_s[0], round(listener.told_s[1], 6)]


@contextmanager
def frozen(connection: Connection) -> Iterator[None]:
    """Freeze the server process behind a connection."""
    pid = connection.info.backend_pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.services
def test_a_transaction_on_a_frozen_server_is_left_without_waiting(database_url: str) -> None:
    """The connection is closed, so leaving asks for no rollback; a pipeline does not wait for its end either."""
    clock = itertools.count()
    silence = Silence(longest_s=5.0, clock=lambda: float(next(clock)))
    connection = raw_connection(database_url, application_name="test", silence=silence)

    def use() -> None:
        with connection.transaction(), connection.pipeline():
            connection.execute("SELECT 1")
            with frozen(connection):
                connection.execute("SELECT 2").fetchone()

    with pytest.raises(SilenceError):
        use()

    assert connection.closed


@pytest.mark.services
def test_a_copy_to_a_frozen_server_is_given_up(database_url: str) -> None:
    """Nothing more can be sent once the buffers are full."""
    clock = itertools.count()
    silence = Silence(longest_s=5.0, clock=lambda: float(next(clock)))
    connection = raw_connection(database_url, application_name="test", silence=silence)
    connection.execute("CREATE TEMPORARY TABLE copied (word text)")

    def copy() -> None:
        with frozen(connection), connection.cursor().copy("COPY copied FROM STDIN") as out:
            for _ in range(1_000):
                out.write(b"word\n" * 100_000)

    with pytest.raises(SilenceError):
        copy()

    assert connection.closed


@pytest.mark.services
def test_a_wait_that_is_interrupted_leaves_no_transaction_to_wait_for(database_url: str) -> None:
    """SIGTERM ends a process at its start, wherever it waits."""

    def end(_number: int, _frame: object) -> None:
        raise SystemExit(0)

    connection = raw_connection(database_url, application_name="test")
    earlier = signal.signal(signal.SIGALRM, end)

    def use() -> None:
        with connection, connection.transaction():
            connection.execute("SELECT 1")
            with frozen(connection):
                signal.setitimer(signal.ITIMER_REAL, 0.2)
                try:
                    connection.execute("SELECT 2")
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)

    try:
        with pytest.raises(SystemExit):
            use()
    finally:
        signal.signal(signal.SIGALRM, earlier)

    assert connection.closed


@pytest.mark.services
def test_an_action_on_a_frozen_server_is_tried_again(database_url: str) -> None:
    """It is told as lost once, and as answered when another connection answers."""
    told: list[bool] = []
    lasting = LastingConnection(
        database_url,
        application_name="test",
        patience=Patience(30.0),
        tell=told.append,
        longest_silence_s=0.3,
    )
    tries = 0

    def ask(connection: Connection) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            with frozen(connection):
                connection.execute("SELECT 1")
        return tries

    try:
        assert 2 == lasting.run("ask", ask)
    finally:
        lasting.close()

    assert [False, True] == told


@pytest.mark.services
def test_an_action_on_a_frozen_server_ends_with_the_role(database_url: str) -> None:
    """Once stopping is asked for, nothing is tried again."""
    lasting = LastingConnection(database_url, application_name="test", patience=Patience(300.0, lambda: True))

    def ask(connection: Connection) -> None:
        with frozen(connection):
            connection.execute("SELECT 1")

    try:
        with pytest.raises(ServiceAwayError, match="has not answered for 3 s"):
            lasting.run("ask", ask)
    finally:
        lasting.close()


@pytest.mark.services
def test_a_read_of_a_frozen_server_ends_with_the_role(database_url: str) -> None:
    """The thread of a request does not keep the process, and its connection does not come back."""

    def read(connection: Connection) -> None:
        with frozen(connection):
            connection.execute("SELECT 1")

    with Reader(database_url, should_stop=lambda: True) as reader:
        with pytest.raises(ServiceAwayError, match="has not answered for 3 s"):
            reader.as_login(read)

        assert [(1,)] == reader.as_login(lambda c: c.execute("SELECT 1").fetchall())


@pytest.mark.services
def test_waiting_for_migrations_has_no_limit(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take as long as they take."""
    monkeypatch.setattr("sinks.silence.ListeningConnection.silence", Silence(longest_s=-1.0))

    assert "0001.foundation" in migrate(database_url)
