"""Lines of a text: only a line feed, a carriage return or both end one.

`str.splitlines` also ends lines at signs that stand in texts, such as U+2028, or U+0085, which is what byte 0x85
becomes where a letter is one byte.
"""

import re
from typing import Final

_LINE: Final = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its end."""
    return _LINE.findall(text)
