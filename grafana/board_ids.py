"""Fixed ids of the boards. Needs no SDK."""

from typing import Final

from grafana.words import Language

SUPPORT: Final = "duls-support"
SUPPORT_MARKERS: Final = "duls-support-markers"
CITY: Final = "duls-city"
OPERATIONS: Final = "duls-operations"


def uid_of(board: str, language: Language) -> str:
    """Return the fixed id of a board in a language."""
    return f"{board}-{language}"
