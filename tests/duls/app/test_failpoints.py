"""Failpoints: what the environment asks for, and nothing by default."""

import signal
import subprocess
import sys

import pytest

from duls.app.failpoints import failpoint_from
from duls.errors import ConfigError
from streams.failpoints import no_failpoint

PASSES = """
from duls.app.failpoints import failpoint_from
point = failpoint_from({"DULS_FAILPOINT": "here:3"})
for number in range(5):
    print(number, flush=True)
    point("elsewhere")
    point("here")
"""


@pytest.mark.parametrize("environment", [{}, {"DULS_FAILPOINT": ""}])
def test_without_the_variable_nothing_happens(environment: dict[str, str]) -> None:
    """As in production."""
    assert failpoint_from(environment) is no_failpoint


@pytest.mark.parametrize("text", ["here", "here:", "here:x", "here:-1", "here:²", ":"])
def test_a_failpoint_without_a_number_is_refused(text: str) -> None:
    """The message shows how it is written."""
    with pytest.raises(ConfigError, match="flush-before-commit:3"):
        failpoint_from({"DULS_FAILPOINT": text})


def test_the_process_ends_at_the_passage_asked_for() -> None:
    """As a crash: no handler runs, nothing is flushed."""
    ended = subprocess.run(
        [sys.executable, "-c", PASSES], capture_output=True, text=True, timeout=60, check=False
    )

    assert (-signal.SIGKILL, "0\n1\n2\n") == (ended.returncode, ended.stdout)
