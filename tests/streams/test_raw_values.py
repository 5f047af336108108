"""Raw values: byte strings one behind the other in a buffer, and windows over it."""

import numpy as np
import pytest

from streams.decode.lexer import PADDING
from streams.raw_values import RawValues


def test_parts_of_values_are_values_with_padding() -> None:
    """A window over a buffer is what the values by themselves would be, for all who read it."""
    values = [b"a", None, b"", b"\x00bcd", b"e" * 40]
    whole = RawValues.of(values)

    assert values == list(whole)
    for first in range(6):
        for last in range(6):
            part = whole[first:last]
            assert values[first:last] == list(part)
            assert part.starts[0] == 0
            assert part.buffer.size - part.starts[-1] >= len(PADDING)
    assert [b"\x00bcd", b"a"] == list(whole.chosen(np.array([3, 0])))
    assert whole[-1] == b"e" * 40
    with pytest.raises(IndexError):
        whole[5]
