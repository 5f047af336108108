"""A role that is ready has all its kernels: none is compiled while somebody waits for figures."""

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.duls.app.late_kernels import MARK

WHAT_ROLES_DO: Final = (
    "tests/processors/publication/test_detections.py",
    "tests/processors/test_carrier_pseudonyms.py",
    "tests/processors/test_observation_partition.py",
    "tests/processors/test_registrations.py",
    "tests/streams/decode/test_arrow_positions.py",
)


@pytest.mark.slow
def test_no_kernel_is_compiled_after_warming_up() -> None:
    """Whatever the tests of the product do after it, with the types that they do it with."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.duls.app.late_kernels", *WHAT_ROLES_DO]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert 0 == answer.returncode, answer.stdout[-4_000:] + answer.stderr[-1_000:]
    assert " passed in " in answer.stdout
    assert [] == [line for line in answer.stdout.splitlines() if line.startswith(MARK)]
