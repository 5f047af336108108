"""Guard 14: signal handlers set a flag only, and closing a client is watched."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from duls.app.stopping import LAST_WAIT_S, StopFlag, close_within, end_at_signals
from duls.errors import FencedError

OPEN_FILES = Path("/proc/self/fd")
STORM = """
import os, signal, sys, threading, time
from duls.app.stopping import StopFlag
for _ in range(600):
    flag = StopFlag()
    flag.install()
    threading.Timer(0.002, os.kill, (os.getpid(), signal.SIGTERM)).start()
    while not flag.wait(0):
        pass
sys.exit(0)
"""


@pytest.fixture
def handlers() -> Iterator[None]:
    """Put the handlers of the process back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_sets_the_flag_and_nothing_else(number: signal.Signals) -> None:
    """No exception comes out of it, wherever the main thread is."""
    flag = StopFlag()
    flag.install()
    assert not flag.is_set()

    os.kill(os.getpid(), number)

    assert flag.wait(5.0)
    assert flag.is_set()


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_before_there_is_a_flag_a_signal_ends_the_process_in_order(number: signal.Signals) -> None:
    """A role that still compiles has nothing in hand."""
    end_at_signals()

    with pytest.raises(SystemExit) as end:
        os.kill(os.getpid(), number)

    assert 0 == end.value.code


def test_a_handler_takes_no_lock() -> None:
    """Hundreds of signals in the middle of waiting: one that met a lock of its own thread would hang for ever."""
    storm = subprocess.run([sys.executable, "-c", STORM], timeout=60, check=False)

    assert 0 == storm.returncode


def test_waiting_ends_when_another_thread_sets_the_flag() -> None:
    """And without it after the time that was given."""
    flag = StopFlag()
    assert not flag.wait(0.0)
    threading.Timer(0.01, flag.set).start()

    assert flag.wait(30.0)


def test_a_flag_stays_set() -> None:
    """For everyone who asks, and a second signal changes nothing."""
    flag = StopFlag()
    for _ in range(3):
        flag.set()

    assert all(flag.wait(0.0) for _ in range(3))


def test_waiting_for_services_is_given_up_a_while_after_the_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is under way may end; a service that is away does not hold the process."""
    flag = StopFlag()
    now_s = time.monotonic()
    monkeypatch.setattr("duls.app.stopping.time.monotonic", lambda: now_s)
    assert not flag.is_overdue()
    flag.set()

    found = []
    for after_s in (0.0, LAST_WAIT_S, LAST_WAIT_S + 0.1):
        monkeypatch.setattr("duls.app.stopping.time.monotonic", lambda now_s=now_s + after_s: now_s)
        found.append(flag.is_overdue())

    assert [False, False, True] == found


def test_a_flag_gives_its_pipe_back() -> None:
    """A process makes few of them, tests many."""
    gc.collect()  # what other tests left behind must not go meanwhile
    before = len(list(OPEN_FILES.iterdir()))

    for _ in range(20):
        StopFlag()

    assert before >= len(list(OPEN_FILES.iterdir()))


def test_a_close_that_hangs_is_left_behind() -> None:
    """Everything that matters is stored before."""
    end = threading.Event()
    start_s = time.monotonic()

    assert not close_within(end.wait, timeout_s=0.05)
    assert time.monotonic() - start_s < 10.0
    end.set()


def test_a_close_that_ends_is_waited_for() -> None:
    """It may take a moment."""
    ended: list[bool] = []

    assert close_within(lambda: ended.append(True), timeout_s=30.0)
    assert [True] == ended


def test_a_close_that_fails_is_over_at_once(capfd: pytest.CaptureFixture[str]) -> None:
    """A partition that was taken at the end is no accident: a line, not a traceback, and no wait."""

    def close() -> None:
        message = "the group took partitions [3]"
        raise FencedError(message)

    assert close_within(close, timeout_s=30.0)

    said = "".join(capfd.readouterr())
    assert "the group took partitions [3]" in said
    assert "Traceback" not in said


LEAVING = """
import atexit, threading, time
from duls.app.stopping import leave, may_outlive
atexit.register(print, "cleared up")
working = threading.Thread(target=time.sleep, args=({},), daemon=True)
working.start()
may_outlive([working])
print("said")
time.sleep(0.2)
leave(3)
"""


@pytest.mark.parametrize(("work_s", "said"), [(60, "said"), (0, "said cleared up")])
def test_a_process_leaves_at_once_where_a_thread_is_at_work(work_s: int, said: str) -> None:
    """What it wrote is out, and nothing is cleared up around the thread."""
    done = subprocess.run(
        [sys.executable, "-c", LEAVING.format(work_s)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (3, said) == (done.returncode, " ".join(done.stdout.split()))
