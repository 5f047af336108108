"""Freed memory is kept for the next batch, unless the operator says otherwise."""

import resource
import subprocess
import sys

import pytest

from duls.app.heap import TRIM_BYTES, VARIABLES, keep_freed_memory

FAULTS = """
import resource, sys
import numpy as np
from duls.app.heap import keep_freed_memory

if sys.argv[1] == "keep":
    assert keep_freed_memory({})
for _ in range(50):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    arrays = [np.ones(1_000_000 // 8) for _ in range(40)]
    del arrays
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(kept: str) -> int:
    """Return how many pages a process asks the kernel for when it makes the same arrays for the fiftieth time."""
    said = subprocess.run([sys.executable, "-c", FAULTS, kept], capture_output=True, text=True, check=True)
    return int(said.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="the heap of glibc")
def test_memory_of_a_batch_is_used_again() -> None:
    """Nearly no page is new, where all of them were."""
    pages = 40 * 1_000_000 // resource.getpagesize()
    assert 40 * 1_000_000 < TRIM_BYTES

    assert pages // 2 < faults("free")
    assert faults("keep") < pages // 50


@pytest.mark.parametrize("name", [*VARIABLES, "GLIBC_TUNABLES"])
def test_what_an_operator_says_goes_before(name: str) -> None:
    """They know their machine."""
    assert not keep_freed_memory({name: "glibc.malloc.trim_threshold=131072"})
