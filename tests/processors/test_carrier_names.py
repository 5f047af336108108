"""By what a carrier is known, however its name is written."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.carrier_names import NOBODY, carrier_digest, carrier_name


@pytest.mark.parametrize("name", ["carrier x", " CARRIER  X ", "Carrier\tX", "Carrier\u00a0X"])
def test_capitals_and_spaces_make_no_other_carrier(name: str) -> None:
    """Its name may be typed by hand in a grant and sent by a machine."""
    assert "carrier x" == carrier_name(name)
    assert carrier_digest("Carrier X") == carrier_digest(name)


@pytest.mark.parametrize("name", ["Müller Straße", "Ǆ Åkeri", "İpek ΛΌΓΟΣ"])
def test_the_way_of_writing_accents_makes_no_other_carrier(name: str) -> None:
    """Composed or not, in capitals or not."""
    for form in ("NFC", "NFD"):
        for written in (name, name.casefold()):
            assert carrier_digest(name) == carrier_digest(unicodedata.normalize(form, written))


def test_another_name_is_another_carrier() -> None:
    """Digests are fixed, since a role that is upgraded goes on with those of before."""
    assert 0x9B709AE5297D93D == carrier_digest("carrier-x")
    assert carrier_digest("carrier-x") != carrier_digest("carrier x")


@given(st.text() | st.text(st.characters(categories=["Cs", "Zs", "Lu"])))
def test_every_name_but_a_blank_one_has_a_digest_of_64_bits(name: str) -> None:
    """Halves of characters too, which JSON can spell."""
    assert (carrier_digest(name) == NOBODY) == (not name.split())
    assert 0 <= carrier_digest(name) < 1 << 64
