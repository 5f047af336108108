"""Several roles as one group of processes: started together, stopped together, the first failure ends all."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import structlog

from duls.app.stopping import StopFlag
from duls.errors import EXIT_DEFECT, EXIT_OK

POLL_S: Final = 0.1
STOP_S: Final = 10.0  # a role ends within this after SIGTERM
ASKED_TO_END: Final = (-signal.SIGTERM, -signal.SIGINT, 128 + signal.SIGINT)

log = structlog.get_logger()


def run_group(commands: Sequence[Sequence[str]], stop: StopFlag) -> int:
    """Run `duls` commands as processes until all have ended, one has failed, or stopping is asked for.

    Returns:
        0, or the exit code of the first process that failed, be it while stopping; 70 where a signal ended it.
    """
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            processes.append(subprocess.Popen([sys.executable, "-m", "duls", *command]))  # noqa: S603, PERF401  # our own program; those that run are stopped when the next cannot start
        while _all_well(processes) and not stop.wait(POLL_S):
            pass
        failed = _failures(processes)
    finally:
        _stop_all(processes)
    # one that was just starting ends by the signal itself
    failed += [code for code in _failures(processes) if code not in ASKED_TO_END]
    # a negative code is a signal, which is no exit code of ours
    return max(failed[0], 0) or EXIT_DEFECT if failed else EXIT_OK


def _all_well(processes: Sequence["subprocess.Popen[bytes]"]) -> bool:
    """Tell whether no process has failed, and not all have ended."""
    codes = [process.poll() for process in processes]
    return None in codes and all(code in {None, EXIT_OK} for code in codes)


def _failures(processes: Sequence["subprocess.Popen[bytes]"]) -> list[int]:
    """Return the codes of the processes that failed."""
    return [code for process in processes if (code := process.poll()) not in {None, EXIT_OK}]


def _stop_all(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
    """Ask all processes to stop, and kill those that do not."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
    end_s = time.monotonic() + STOP_S
    for process in processes:
        try:
            process.wait(timeout=max(0.1, end_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.error("a role did not end in time and is killed", pid=process.pid)  # noqa: TRY400  # no traceback: its end was waited for
            process.kill()
            process.wait()
