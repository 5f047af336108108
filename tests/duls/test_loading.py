"""The collector rests while modules and kernels are loaded."""

import gc
import os
import subprocess
import sys

import pytest

from duls.loading import loading, start_no_blas_threads


def test_the_collector_rests_and_goes_on() -> None:
    """Within the block it is off; behind it, it is as before, and what was loaded is not its business any more."""
    assert gc.isenabled()
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_a_collector_that_was_off_stays_off() -> None:
    """Who has taken over collecting keeps it."""
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()


def test_the_number_of_threads_that_somebody_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where nothing is said, there is one."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    start_no_blas_threads()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "4"


def test_a_program_starts_without_threads_of_numpy() -> None:
    """The command line sets it before anything imports NumPy."""
    code = (
        "import os, duls.cli, duls.loading; duls.loading.start_no_blas_threads(); "
        "from duls.cli import program; import numpy, threading; print(len(os.listdir('/proc/self/task')))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "1"
