"""Pseudonyms are truncated HMACs, remembered without remembering identities."""

import hmac
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.columns import Int32Array, Int64Array, UInt8Array
from processors.pseudonyms import KeyedDigest, PseudonymCache
from processors.siphash import siphashes

HASH_KEY = bytes(range(16))
DAY_KEY = bytes(range(100, 132))


def columns(identities: Sequence[bytes]) -> tuple[UInt8Array, Int64Array, Int32Array]:
    """Return identities as decoders give them."""
    lengths = np.array([len(identity) for identity in identities], np.int32)
    return (
        np.frombuffer(b"".join(identities), np.uint8),
        np.cumsum(lengths, dtype=np.int64) - lengths,
        lengths,
    )


def pseudonyms(cache: PseudonymCache, identities: Sequence[bytes]) -> list[bytes]:
    """Return the pseudonyms of identities as 16 bytes each."""
    hi, lo = cache.pseudonyms(*columns(identities))
    return [int(a).to_bytes(8) + int(b).to_bytes(8) for a, b in zip(hi, lo, strict=True)]


def expected(identities: Sequence[bytes], day_key: bytes = DAY_KEY) -> list[bytes]:
    """Return what the definition says; nothing is the pseudonym of no identity."""
    return [hmac.new(day_key, each, "sha256").digest()[:16] if each else bytes(16) for each in identities]


@given(
    st.lists(st.lists(st.binary(max_size=40), max_size=30), max_size=4), st.sampled_from([1, 2, 7, 2_000_000])
)
@settings(deadline=None)
def test_pseudonyms_are_truncated_hmacs(batches: list[list[bytes]], capacity: int) -> None:
    """Whatever the identities, their repeats and the capacity, pseudonyms follow the definition."""
    cache = PseudonymCache(HASH_KEY, DAY_KEY, capacity)

    for identities in batches:
        assert pseudonyms(cache, identities) == expected(identities)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_keyed_digest_is_the_hmac_of_the_library(key: bytes, text: bytes) -> None:
    """For keys below, at and beyond the block of the hash."""
    digest = KeyedDigest(key)

    assert [hmac.new(key, each, "sha256").digest() for each in (text, b"", text)] == [
        digest.of(each) for each in (text, b"", memoryview(text))
    ]


def test_a_table_grows_and_forgets_without_changing_pseudonyms() -> None:
    """Thousands of vehicles, more than the capacity, keep their pseudonyms."""
    identities = [b"plate:NL:%d" % (number % 3_000) for number in range(7_000)]

    for capacity in (1_500, 100_000):
        cache = PseudonymCache(HASH_KEY, DAY_KEY, capacity)
        for _ in range(2):
            assert pseudonyms(cache, identities) == expected(identities)
        assert cache._used <= capacity


def test_days_share_no_pseudonym() -> None:
    """Another day key gives another pseudonym."""
    identities = [b"plate:NL:VB123K"]

    today = pseudonyms(PseudonymCache(HASH_KEY, DAY_KEY), identities)
    tomorrow = pseudonyms(PseudonymCache(HASH_KEY, b"tomorrow"), identities)

    assert today != tomorrow == expected(identities, b"tomorrow")


def test_the_cache_holds_no_identity() -> None:
    """No part of an identity is in what outlives a batch."""
    identities = [b"plate:NL:VB%05dK" % number for number in range(500)]
    cache = PseudonymCache(HASH_KEY, DAY_KEY)

    pseudonyms(cache, identities)

    arrays = [each for each in vars(cache).values() if not isinstance(each, bytes)]
    kept = b"".join(np.asarray(each).tobytes() for each in arrays)
    assert cache._table.tobytes() in kept
    assert not any(each[start : start + 6] in kept for each in identities for start in range(len(each) - 5))


def test_clear_forgets_everything() -> None:
    """After `clear` no hash and no pseudonym is left."""
    cache = PseudonymCache(HASH_KEY, DAY_KEY)
    pseudonyms(cache, [b"plate:NL:VB123K"])

    cache.clear()

    assert not cache._table.any()


def test_a_hash_key_of_another_length_is_refused() -> None:
    """The message states the length."""
    with pytest.raises(ValueError, match="16 bytes, got 3"):
        PseudonymCache(b"abc", DAY_KEY)


def naive_siphash(text: bytes, key: bytes) -> tuple[int, int]:
    """Return SipHash-2-4-128 as its paper and the authors' 128-bit variant define it, in integers."""
    mask = 2**64 - 1
    key_0, key_1 = int.from_bytes(key[:8], "little"), int.from_bytes(key[8:], "little")
    state = [key_0 ^ 0x736F6D6570736575, key_1 ^ 0x646F72616E646F6D ^ 0xEE]
    state += [key_0 ^ 0x6C7967656E657261, key_1 ^ 0x7465646279746573]

    def mix(rounds: int) -> None:
        """Apply SipRound some times."""
        a, b, c, d = state
        for _ in range(rounds):
            a, c = (a + b) & mask, (c + d) & mask
            b = (b << 13 & mask | b >> 51) ^ a
            d = (d << 16 & mask | d >> 48) ^ c
            a = a << 32 & mask | a >> 32
            c, a = (c + b) & mask, (a + d) & mask
            b = (b << 17 & mask | b >> 47) ^ c
            d = (d << 21 & mask | d >> 43) ^ a
            c = c << 32 & mask | c >> 32
        state[:] = a, b, c, d

    padded = text + bytes(7 - len(text) % 8) + bytes([len(text) & 0xFF])
    for start in range(0, len(padded), 8):
        word = int.from_bytes(padded[start : start + 8], "little")
        state[3] ^= word
        mix(2)
        state[0] ^= word
    halves = []
    for column, constant in ((2, 0xEE), (1, 0xDD)):
        state[column] ^= constant
        mix(4)
        halves.append(state[0] ^ state[1] ^ state[2] ^ state[3])
    return halves[0], halves[1]


def hashed(texts: Sequence[bytes], key: bytes) -> list[tuple[int, int]]:
    """Return the hashes that the kernel gives."""
    found = siphashes(*columns(texts), np.frombuffer(key, "<u8").astype(np.uint64))
    return [(hi, lo) for hi, lo in found.tolist()]


def test_siphash_gives_the_published_vectors() -> None:
    """The first test vectors of the reference implementation, with the key 00 01 … 0f, come out."""
    empty = bytes.fromhex("a3817f04ba25a8e66df67214c7550293")
    one_zero = bytes.fromhex("da87c1d86b99af44347659119b22fc45")

    for text, vector in ((b"", empty), (b"\0", one_zero)):
        assert b"".join(half.to_bytes(8, "little") for half in hashed([text], HASH_KEY)[0]) == vector


@given(
    st.lists(st.binary(max_size=20) | st.binary(max_size=300), max_size=70),
    st.binary(min_size=16, max_size=16),
)
@settings(deadline=None)
def test_siphash_agrees_with_its_definition(texts: list[bytes], key: bytes) -> None:
    """Texts of any length, many side by side, hash as the definition says."""
    assert hashed(texts, key) == [naive_siphash(text, key) for text in texts]
