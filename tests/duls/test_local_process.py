"""A local server process never outlives whoever asked for it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from duls.errors import ServiceAwayError
from duls.local_process import LocalProcess, ServerOrder

DEADLINE_S = 20.0
PARENT = """
import sys, time
from duls.local_process import LocalProcess, ServerOrder
process = LocalProcess(ServerOrder(["sleep", "60"], sys.argv[1] + "/log", remove=sys.argv[1]))
print(process.pid, flush=True)
time.sleep(60)
"""


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until *condition* holds, or fail after a deadline."""
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_the_server_and_its_folder_go_when_the_parent_is_killed(tmp_path: Path) -> None:
    """A SIGKILL of the parent leaves neither the server nor its folder."""
    folder = tmp_path / "server"
    folder.mkdir()
    command = [sys.executable, "-c", PARENT, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        server_pid = int(parent.stdout.readline())
        assert Path(f"/proc/{server_pid}").exists()
        parent.kill()

    wait_for(lambda: not folder.exists() and not Path(f"/proc/{server_pid}").exists())


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error carries what the server wrote, although its folder is gone by then."""
    folder = tmp_path / "server"
    folder.mkdir()
    process = LocalProcess(
        ServerOrder(["sh", "-c", "echo port taken; exit 3"], f"{folder}/log", remove=str(folder))
    )

    with pytest.raises(ServiceAwayError, match="port taken"):
        process.wait_ready(lambda: False, deadline_s=DEADLINE_S)
    assert not folder.exists()


def test_a_missing_program_is_an_error(tmp_path: Path) -> None:
    """A program that is not there is named."""
    with pytest.raises(ServiceAwayError, match="No such file"):
        LocalProcess(ServerOrder(["/no/such/program"], str(tmp_path / "log")))


def test_a_killed_server_is_seen_as_ended(tmp_path: Path) -> None:
    """After a kill the server does not run, and stopping it again does nothing."""
    process = LocalProcess(ServerOrder(["sleep", "60"], str(tmp_path / "log")))
    assert process.running

    process.kill(signal.SIGKILL)
    process.stop()

    assert not process.running
