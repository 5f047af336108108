"""Identities: the kernel for plain ASCII agrees with the rules for any text."""

import string
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.identity import (
    IDENTITY_ROOM,
    MAX_IDENTITY_BYTES,
    home_identity_of,
    identity_of,
    plate_key_of,
    write_home_identity,
    write_identity,
)
from processors.vocabulary import Outcome

PLAIN = string.ascii_letters + string.digits + string.punctuation + " "
PLATES = st.from_regex(r" {0,2}[A-Za-z1]{0,4}:{0,2}[A-Za-z0-9 .\-]{0,12}[_:]? {0,2}", fullmatch=True)


def written(text: str, write: Any = write_identity) -> tuple[bytes | Outcome, int]:
    """Return what a kernel says of a text, and the key of the plate."""
    found = [written_beside(text, write, after) for after in (1, 8)]  # near the end it is read byte by byte
    assert found[0] == found[1]
    return found[0]


def written_beside(text: str, write: Any, after: int) -> tuple[bytes | Outcome, int]:
    """Return what a kernel says of a text that so many bytes follow; there is just the room that it asks for."""
    source = np.frombuffer(b"?" + text.encode() + b"?" * after, np.uint8)
    identity = np.full(1 + len(text) + IDENTITY_ROOM, ord("?"), np.uint8)
    length, plate = write(source, 1, 1 + len(text), identity, 1)
    return (identity[1 : 1 + length].tobytes() if length >= 0 else Outcome(-length)), plate


def spelled(identity: bytes | Outcome) -> tuple[bytes | Outcome, int]:
    """Return an identity with the key of its plate."""
    return identity, 0 if isinstance(identity, Outcome) else plate_key_of(identity)


@given(PLATES | st.text(PLAIN, max_size=140))
def test_the_kernels_agree_with_the_rules(text: str) -> None:
    """Any plain text has the same identity and key, or the same reason for none."""
    assert spelled(identity_of(text)) == written(text)
    assert spelled(home_identity_of(text)) == written(text, write_home_identity)


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
    assert written(text)[0] == identity


def test_letters_beyond_ascii_are_composed() -> None:
    """A plate with an umlaut is one plate, however its bytes spell the letter."""
    assert identity_of("D:tu\u0308-ab 12") == identity_of("D:TÜ AB 12") == "plate:D:TÜAB12".encode()


def test_half_a_character_is_no_identity() -> None:
    """Text that has no UTF-8 is refused, in plates and elsewhere."""
    assert identity_of("NL:\ud800") == identity_of("\ud800") == Outcome.BAD_VEHICLE


@pytest.mark.parametrize(
    ("text", "identity"),
    [
        ("VB-123-K", b"plate:NL:VB123K"),
        (" vb 123 k ", b"plate:NL:VB123K"),
        ("D:B-AB 12", b"plate:D:BAB12"),
        ("VB_123", b"id::NL:VB_123"),
        (":", b"id::NL::"),
        ("--", Outcome.BAD_VEHICLE),
        (" ", Outcome.BAD_VEHICLE),
    ],
)
def test_a_plate_without_a_country_is_of_the_home_country(text: str, identity: bytes | Outcome) -> None:
    """Unless it names one."""
    assert home_identity_of(text) == identity
    assert written(text, write_home_identity)[0] == identity


@given(st.lists(st.from_regex(r"plate:[A-Z]{1,3}:[0-9A-Z]{1,9}", fullmatch=True), unique=True))
def test_plates_have_keys_of_their_own(identities: list[str]) -> None:
    """No two plates share a key, and none has 0."""
    keys = {plate_key_of(identity.encode()) for identity in identities}

    assert len(identities) == len(keys - {0})
    assert all(key < 2**63 for key in keys)


@pytest.mark.parametrize("text", ["NL:ABCDEFGHIJ", "D:TÜ-AB 12", "YV2E4C3A5VB180691"])
def test_what_no_register_knows_has_no_key(text: str) -> None:
    """A plate of too many or other characters, and what is no plate."""
    identity = identity_of(text)

    assert isinstance(identity, bytes)
    assert plate_key_of(identity) == 0
