"""Identities: the kernel for plain ASCII agrees with the rules for any text."""

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.identity import MAX_IDENTITY_BYTES, identity_of, write_identity
from processors.vocabulary import Outcome

PLAIN = string.ascii_letters + string.digits + string.punctuation + " "
PLATES = st.from_regex(r" {0,2}[A-Za-z1]{0,4}:{0,2}[A-Za-z0-9 .\-]{0,12}[_:]? {0,2}", fullmatch=True)


def written(text: str) -> bytes | Outcome:
    """Return what the kernel says of a text."""
    source = np.frombuffer(b"?" + text.encode() + b"?", np.uint8)
    identity = np.full(len(text) + 8, ord("?"), np.uint8)
    length = write_identity(source, 1, source.size - 1, identity, 1)
    return identity[1 : 1 + length].tobytes() if length >= 0 else Outcome(-length)


@given(PLATES | st.text(PLAIN, max_size=140))
def test_the_kernel_agrees_with_the_rules(text: str) -> None:
    """Any plain text has the same identity, or the same reason for none."""
    assert written(text) == identity_of(text)


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("NL:VB-123-K", b"plate:NL:VB123K"),
        ("nl:vb 12.3k", b"plate:NL:VB123K"),
        ("B:1", b"plate:B:1"),
        ("NL:", b"id::NL:"),
        ("ABCD:1", b"id::ABCD:1"),
        ("van 7", b"id::van 7"),
        ("NL:-", Outcome.BAD_VEHICLE),
        ("", Outcome.BAD_VEHICLE),
        ("   ", Outcome.BAD_VEHICLE),
        ("x" * MAX_IDENTITY_BYTES, Outcome.TOO_LONG),
    ],
)
def test_identities(text: str, identity: bytes | Outcome) -> None:
    """Plates are spelled one way, other texts stay as they are, and some are no identity."""
    assert identity_of(text) == identity
    assert written(text) == identity


def test_letters_beyond_ascii_are_composed() -> None:
    """A plate with an umlaut is one plate, however its bytes spell the letter."""
    assert identity_of("D:tu\u0308-ab 12") == identity_of("D:TÜ AB 12") == "plate:D:TÜAB12".encode()


def test_half_a_character_is_no_identity() -> None:
    """Text that has no UTF-8 is refused, in plates and elsewhere."""
    assert identity_of("NL:\ud800") == identity_of("\ud800") == Outcome.BAD_VEHICLE
