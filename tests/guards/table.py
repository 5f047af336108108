"""The table of guards: what is changed to break each one, and the tests that must fail then."""

import tomllib
from pathlib import Path
from typing import Final

import msgspec

ROOT: Final = Path(__file__).parents[2]
TABLE: Final = Path(__file__).with_name("guards.toml")
NUMBERS: Final = (*range(1, 7), *range(7, 12), 14, 15, 16)
"""Guards of the foundation, as ARCHITECTURE.md and the decision records count them."""


class Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One guard: `text` stands in `file` once, or `everywhere`, and the `tests` pass; with `broken` they fail."""

    number: int
    says: str
    file: str
    text: str
    broken: str
    tests: list[str]
    everywhere: bool = False

    def broken_source(self, source: str) -> str:
        """Return the text of the file without the guard.

        Raises:
            ValueError: The guard does not stand where the table says.
        """
        found = source.count(self.text)
        if found == 0 or (found > 1 and not self.everywhere):
            message = f"guard {self.number} ({self.says}) is {found} times in {self.file}"
            raise ValueError(message)
        return source.replace(self.text, self.broken)


def guards() -> list[Guard]:
    """Return the table."""
    return msgspec.convert(tomllib.loads(TABLE.read_text("utf-8"))["guard"], list[Guard])
