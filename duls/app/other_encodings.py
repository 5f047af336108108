"""What to say of a file that should be UTF-8 and is not: which line shows it, and nothing of what it says."""

from pathlib import Path
from typing import Final

SAVE_AS_UTF_8: Final = "save it as UTF-8, which spreadsheets offer as `CSV UTF-8`"


def line_of_other_bytes(path: Path) -> int | None:
    """Return the number of the first line of a file that is not UTF-8, None where all are.

    A decoder that reads ahead does not know it.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return None
