"""Several roles as one group of processes: started together, stopped together, the first failure ends all."""

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Final

import structlog

from duls.app.stopping import StopFlag
from duls.errors import EXIT_OK

POLL_S: Final = 0.1
STOP_S: Final = 10.0  # a role ends within this after SIGTERM

log = structlog.get_logger()


def run_group(commands: Sequence[Sequence[str]], stop: StopFlag) -> int:
    """Run `duls` commands as processes until all have ended, one has failed, or stopping is asked for.

    Returns:
        0, or the exit code of the first process that failed.
    """
    processes = [subprocess.Popen([sys.executable, "-m", "duls", *command]) for command in commands]  # noqa: S603 our own program
    try:
        while not stop.wait(POLL_S):
            codes = [process.poll() for process in processes]
            failed = [code for code in codes if code not in (None, EXIT_OK)]
            if failed:
                return int(failed[0] or 0)
            if all(code == EXIT_OK for code in codes):
                return EXIT_OK
        return EXIT_OK
    finally:
        _stop_all(processes)


def _stop_all(processes: Sequence["subprocess.Popen[bytes]"]) -> None:
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
