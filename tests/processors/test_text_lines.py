"""Lines end where a line ends, and nowhere else."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import InvalidInputError
from processors.text_lines import lines_of, text_of


@given(st.text(st.sampled_from("a\r\n\x0b\x0c\x1c\x85\u2028\u2029"), max_size=30))
def test_lines_are_those_of_a_file(text: str) -> None:
    """Read with its ends, of whichever kind they are."""
    assert list(io.StringIO(text, newline="")) == lines_of(text)


@pytest.mark.parametrize(
    ("document", "line"),
    [
        (b"\xff", 1),
        (b"a,b\n\xe9,b\n", 2),
        (b"\xef\xbb\xbfa,b\r\nc,d\re,\xe9\n", 3),
        ("a\u2028b\nc\n".encode() + b"\xe9\xe9n", 3),
        (b"a\nb\xc3\nc", 2),  # half of a letter
        ("a,b\nc,d".encode("utf-16"), 1),
    ],
)
def test_a_text_in_another_encoding_is_refused(document: bytes, line: int) -> None:
    """With the line that shows it and what to do, as a spreadsheet calls it."""
    with pytest.raises(InvalidInputError) as refusal:
        text_of(document, "The table")

    assert (
        f"The table is not UTF-8, as line {line} shows: save it as UTF-8, which spreadsheets offer as `CSV UTF-8`."
        == str(refusal.value)
    )


@given(st.text())
def test_a_text_in_utf_8_is_taken_as_it_is(text: str) -> None:
    """With the mark before it or without."""
    assert text.removeprefix("\ufeff") == text_of(text.encode(), "The table")
    assert text == text_of(text.encode("utf-8-sig"), "The table")
