"""Carriers go by a pseudonym of the day, which tells neither who they are nor who they were yesterday."""

import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors import carrier_pseudonyms
from processors.carrier_pseudonyms import CarrierPseudonyms

TODAY, TOMORROW = bytes(32), bytes([1] * 32)
DIGESTS = np.array([7, 0, 2**64 - 1, 7], np.uint64)


def test_one_carrier_has_one_pseudonym_a_day() -> None:
    """Whatever the batch it comes in; who is not named has none."""
    first, again = CarrierPseudonyms(TODAY), CarrierPseudonyms(TODAY)
    codes = first.of(DIGESTS)

    assert np.uint32 == codes.dtype
    assert 0 == codes[1]
    assert codes[0] == codes[3]
    assert 3 == np.unique(codes).size
    assert codes[2:].tolist() == again.of(DIGESTS[2:]).tolist()
    assert [0, 0] == first.of(np.zeros(2, np.uint64)).tolist()
    assert 0 == first.of(np.zeros(0, np.uint64)).size


@given(st.lists(st.lists(st.sampled_from([0, 1, 2, 2**64 - 1, 2**63, 77]), max_size=9), max_size=9))
def test_what_was_asked_before_changes_nothing(batches: list[list[int]]) -> None:
    """Each is the first four bytes of the HMAC of its digest, as the definition says."""
    pseudonyms = CarrierPseudonyms(TODAY)
    for batch in batches:
        expected = [
            int.from_bytes(hmac.digest(TODAY, b"carrier:" + digest.to_bytes(8, "big"), "sha256")[:4], "big")
            if digest
            else 0
            for digest in batch
        ]
        assert expected == pseudonyms.of(np.array(batch, np.uint64)).tolist()


def test_another_day_has_other_pseudonyms() -> None:
    """Nobody can be followed."""
    today, tomorrow = CarrierPseudonyms(TODAY).of(DIGESTS), CarrierPseudonyms(TOMORROW).of(DIGESTS)

    assert not set(today[[0, 2]].tolist()) & set(tomorrow[[0, 2]].tolist())


def test_very_many_carriers_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender that makes names up fills no memory, and changes no pseudonym."""
    monkeypatch.setattr(carrier_pseudonyms, "MOST_REMEMBERED", 10)
    many = np.arange(1, 101, dtype=np.uint64)
    pseudonyms = CarrierPseudonyms(TODAY)
    codes = pseudonyms.of(many)

    assert pseudonyms._codes.size <= 10
    for few in np.split(many, 20):
        assert CarrierPseudonyms(TODAY).of(few).tolist() == pseudonyms.of(few).tolist()
    assert pseudonyms._codes.size <= 10
    assert codes.tolist() == pseudonyms.of(many).tolist() == CarrierPseudonyms(TODAY).of(many).tolist()
