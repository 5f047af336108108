"""Running what is measured as processes, and reading how much processor time they and the servers used."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import msgspec

ROOT: Final = Path(__file__).parent.parent
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
USER_TICKS, SYSTEM_TICKS, ENDED_USER_TICKS, ENDED_SYSTEM_TICKS = range(
    11, 15
)  # fields of stat behind the name
RSS_PAGES: Final = 21
BYTECODE: Final = Path(tempfile.gettempdir()) / "duls-bench-bytecode"
"""Compiled Python of all measured processes: an installed program has it, a checkout may not be allowed to write it."""
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class Usage(msgspec.Struct, frozen=True):
    """What a process used from its start to its end, all threads and waited children counted."""

    cpu_s: float
    wall_s: float
    output: str


class ProcessFailedError(RuntimeError):
    """A measured process did not end well; the message has the end of what it said."""


def run_all(
    commands: Mapping[str, Sequence[str]],
    environment: Mapping[str, str],
    *,
    timeout_s: float,
    python: str = sys.executable,
) -> dict[str, Usage]:
    """Run Python modules beside each other until all have ended.

    Args:
        commands: Module and arguments by name.
        environment: Variables beside those of this process.
        timeout_s: A process that runs longer is killed, which is a failure.
        python: The interpreter, that of another environment for some peers.

    Raises:
        ProcessFailedError: One ended with another code than 0.
    """
    started_s = time.monotonic()
    running: dict[str, tuple[subprocess.Popen[bytes], IO[bytes]]] = {}
    for name, command in commands.items():
        output = tempfile.TemporaryFile()  # noqa: SIM115 read after the process has ended
        running[name] = (start(command, environment, output, python), output)
    watchdog = threading.Timer(timeout_s, lambda: _signal(running.values()))
    watchdog.start()
    try:
        return {name: _wait(name, process, output, started_s) for name, (process, output) in running.items()}
    finally:
        watchdog.cancel()
        _kill(running.values())


def _signal(running: Iterable[tuple[subprocess.Popen[bytes], IO[bytes]]]) -> None:
    """Kill processes that still run; whoever waits for them learns how they ended."""
    for process, _ in running:
        if process.returncode is None:
            os.kill(process.pid, signal.SIGKILL)


def _kill(running: Iterable[tuple[subprocess.Popen[bytes], IO[bytes]]]) -> None:
    """End processes that still run."""
    for process, _ in running:
        if process.returncode is None:
            process.kill()
            process.wait()


def start(
    command: Sequence[str], environment: Mapping[str, str], output: IO[bytes], python: str = sys.executable
) -> subprocess.Popen[bytes]:
    """Start a Python module as a process that writes to a file."""
    return subprocess.Popen(
        [python, "-m", *command],
        cwd=ROOT,
        env={**_inherited(), **environment, "PYTHONPYCACHEPREFIX": str(BYTECODE)},
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def _inherited() -> dict[str, str]:
    """Return our own environment, in which bytecode may be written."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _wait(name: str, process: subprocess.Popen[bytes], output: IO[bytes], started_s: float) -> Usage:
    """Wait for a process and return what it used."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    output.seek(0)
    said = output.read().decode(errors="replace")
    if process.returncode != 0:
        message = f"{name} ended with {process.returncode}:\n{said[-4000:]}"
        raise ProcessFailedError(message)
    return Usage(used.ru_utime + used.ru_stime, time.monotonic() - started_s, said)


def tree_cpu_s(root_pid: int) -> float:
    """Return the processor time of a server: the process, its living children and those that ended."""
    total = 0
    children = _children()
    todo = [root_pid]
    while todo:
        pid = todo.pop()
        fields = _stat(pid)
        if fields:
            total += sum(int(fields[place]) for place in (USER_TICKS, SYSTEM_TICKS))
            total += sum(int(fields[place]) for place in (ENDED_USER_TICKS, ENDED_SYSTEM_TICKS))
        todo += children.get(pid, [])
    return total / TICKS_PER_S


def rss_mib(pid: int) -> float:
    """Return the resident memory of a process, 0 when it has ended."""
    fields = _stat(pid)
    return int(fields[RSS_PAGES]) * PAGE_BYTES / 1024**2 if fields else 0.0


def _children() -> dict[int, list[int]]:
    """Return the children of every process."""
    found: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(folder.name))
        if fields:
            found.setdefault(int(fields[1]), []).append(int(folder.name))
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat behind the name, of which the first is the state."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
