"""Named places where a fault test may end a process; in production they do nothing."""

from collections.abc import Callable
from typing import Final

Failpoint = Callable[[str], None]

INTAKE_FAILPOINTS: Final = (
    "intake-after-consume",
    "intake-after-produce",
    "intake-before-commit",
    "intake-after-commit",
)


def no_failpoint(name: str) -> None:
    """Pass a named place without doing anything."""
