"""A group of processes: the first failure ends all, and the exit code says which."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duls.app import process_group
from duls.app.process_group import run_group
from duls.app.stopping import StopFlag
from duls.errors import EXIT_DEFECT, EXIT_OK, EXIT_SERVICE_AWAY

FOREVER = "exec sleep 60"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """Let groups run shell commands instead of ours, and give the processes that they start."""
    processes: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def start(arguments: list[str], **_: Any) -> "subprocess.Popen[bytes]":
        processes.append(popen(["/bin/sh", "-c", arguments[3]]))
        return processes[-1]

    monkeypatch.setattr("duls.app.process_group.subprocess.Popen", start)
    return processes


def later(act: Callable[[], object], when: Callable[[], bool]) -> None:
    """Do something in another thread as soon as it makes sense."""

    def wait() -> None:
        while not when():
            time.sleep(0.005)
        act()

    threading.Thread(target=wait, daemon=True).start()


def test_a_group_ends_when_all_have_ended(started: list["subprocess.Popen[bytes]"]) -> None:
    """Bounded runs do."""
    assert EXIT_OK == run_group([["exit 0"], ["sleep 0.1"]], StopFlag())
    assert [0, 0] == [process.poll() for process in started]


def test_the_first_failure_ends_all(started: list["subprocess.Popen[bytes]"]) -> None:
    """Its code is that of the group."""
    assert EXIT_SERVICE_AWAY == run_group([[FOREVER], ["exit 69"], [FOREVER]], StopFlag())
    assert [-signal.SIGTERM, 69, -signal.SIGTERM] == [process.poll() for process in started]


def test_a_process_that_was_killed_is_a_defect(started: list["subprocess.Popen[bytes]"]) -> None:
    """A signal is no exit code of ours."""
    later(lambda: os.kill(started[0].pid, signal.SIGKILL), lambda: len(started) == 2)

    assert EXIT_DEFECT == run_group([[FOREVER], [FOREVER]], StopFlag())


def test_asking_to_stop_ends_all_well(started: list["subprocess.Popen[bytes]"]) -> None:
    """Also those that were just starting, and ended by the signal itself."""
    stop = StopFlag()
    later(stop.set, lambda: len(started) == 2)

    assert EXIT_OK == run_group([[FOREVER], [FOREVER]], stop)
    assert all(process.poll() is not None for process in started)


def test_a_failure_while_stopping_is_told(started: list["subprocess.Popen[bytes]"], tmp_path: Path) -> None:
    """Whoever looks at the exit code must not think that everything was stored."""
    stop = StopFlag()
    ready = tmp_path / "ready"
    failing = f"trap 'exit 69' TERM; touch {ready}; while :; do sleep 0.05; done"
    later(stop.set, ready.exists)

    assert EXIT_SERVICE_AWAY == run_group([[FOREVER], [failing]], stop)
    assert 2 == len(started)


def test_a_process_that_does_not_end_is_killed(
    started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the time that a role has, and the exit code says so."""
    monkeypatch.setattr(process_group, "STOP_S", 0.3)
    stop = StopFlag()
    ready = tmp_path / "ready"
    stubborn = f"trap '' TERM; touch {ready}; while :; do sleep 0.05; done"
    later(stop.set, ready.exists)

    assert EXIT_DEFECT == run_group([[stubborn]], stop)
    assert -signal.SIGKILL == started[0].poll()


def test_those_that_run_are_stopped_when_another_cannot_start(
    started: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine may be out of processes."""
    start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen  # of the fixture

    def fail_second(arguments: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        if started:
            raise OSError
        return start(arguments, **options)

    monkeypatch.setattr("duls.app.process_group.subprocess.Popen", fail_second)

    with pytest.raises(OSError):  # noqa: PT011  # it has no message here
        run_group([[FOREVER], [FOREVER]], StopFlag())

    assert -signal.SIGTERM == started[0].poll()
