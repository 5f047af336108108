"""Failpoints of fault tests: `DULS_FAILPOINT=name:n` ends the process at the n-th passage of a named place."""

import os
import signal
from collections.abc import Mapping

from duls.errors import ConfigError
from streams.failpoints import Failpoint, no_failpoint

VARIABLE = "DULS_FAILPOINT"


def failpoint_from(environment: Mapping[str, str]) -> Failpoint:
    """Return the failpoint that the environment asks for, or one that does nothing."""
    text = environment.get(VARIABLE, "")
    if not text:
        return no_failpoint
    name, _, number = text.partition(":")
    if not number.isascii() or not number.isdigit():
        message = f"{VARIABLE} must be a name and a number, such as flush-before-commit:3, got {text!r}"
        raise ConfigError(message)
    return _Countdown(name, int(number))


class _Countdown:
    """Kills the process at a passage of its place."""

    def __init__(self, name: str, left: int) -> None:
        self._name = name
        self._left = left

    def __call__(self, name: str) -> None:
        if name != self._name:
            return
        self._left -= 1
        if self._left <= 0:
            # as a crash: no handler, no buffer, no goodbye
            os.kill(os.getpid(), signal.SIGKILL)
