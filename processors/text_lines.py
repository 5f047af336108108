"""Text of a file, and its lines: only a line feed, a carriage return or both end one.

`str.splitlines` also ends lines at signs that stand in texts, such as U+2028, or U+0085, which is what byte 0x85
becomes where a letter is one byte.
"""

import re
from typing import Final

from duls.errors import InvalidInputError

_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")


def text_of(document: bytes, name: str) -> str:
    """Return a file in UTF-8 as text, without the mark that some writers put before it.

    Args:
        document: content of the file.
        name: of the file in the message, as in `The camera file`.

    Raises:
        InvalidInputError: it is in another encoding; the message names the first line that shows it.
    """
    try:
        return document.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        number = len(
            lines_of(cause.object[: cause.start].decode() + "?")
        )  # of the line that the byte goes on
        message = (
            f"{name} is not UTF-8, as line {number} shows: "
            "save it as UTF-8, which spreadsheets offer as `CSV UTF-8`."
        )
        raise InvalidInputError(message) from cause


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its end."""
    return _LINE.findall(text)
