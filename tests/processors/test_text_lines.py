"""Lines end where a line ends, and nowhere else."""

import io

from hypothesis import given
from hypothesis import strategies as st

from processors.text_lines import lines_of


@given(st.text(st.sampled_from("a\r\n\x0b\x0c\x1c\x85\u2028\u2029"), max_size=30))
def test_lines_are_those_of_a_file(text: str) -> None:
    """Read with its ends, of whichever kind they are."""
    assert list(io.StringIO(text, newline="")) == lines_of(text)
