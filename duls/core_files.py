"""No process of ours leaves a core file: one of intake would hold plates."""

import resource
from contextlib import suppress
from typing import Final

CORE_BYTES: Final = 1
"""Less than any core file has. Linux gives a program such as systemd-coredump, where `kernel.core_pattern` names one,
the core of a process whose limit is 0; a limit of 1 is the one that it heeds there too (fs/coredump.c)."""


def forbid_core_files() -> None:
    """Let neither this process nor those that it starts leave a core file; a lower limit that is set stays."""
    with suppress(ValueError):  # who may not raise a limit of 0 keeps it
        resource.setrlimit(resource.RLIMIT_CORE, (CORE_BYTES, CORE_BYTES))
