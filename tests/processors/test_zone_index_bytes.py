"""An index that went through bytes answers as before; bytes that are not what they seem are refused with the reason."""

from collections.abc import Hashable
from hashlib import sha256
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duls.errors import UnusableFileError
from naive import Geometry
from processors.zone_index import ZoneIndex
from processors.zone_index_bytes import (
    ALIGNMENT,
    FORMAT,
    MAGIC,
    START,
    adopted,
    decode_index,
    encode_index,
    zones_digest,
)
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets
from tests.processors.position_builders import COMPILED
from tests.processors.zone_builders import built, coordinates, hard_places, numbered
from zone_strategies import Place, random_zones, zone_worlds

DIGEST = bytes(range(16))
WORLD = numbered(random_zones(Random(5), 12))
BYTES_OF_WORLD = (5, "9c0fe784726fbbed4bc4b10d02912f1b1746b9edf70791bddc151a1e10dfbd67")
"""Format and digest of the bytes of `WORLD`."""


def encoded(zones: dict[int, Geometry]) -> bytearray:
    """Return the bytes of the index of zones."""
    return bytearray(b"".join(encode_index(*built(zones), DIGEST)))  # as a mapped file: of one's own to write


def answers(index: ZoneIndex, zone_sets: ZoneSets, places: list[Place]) -> list[tuple[int, ...]]:
    """Return the zones of each place."""
    return [zone_sets.zones_of(number) for number in lookup(index, zone_sets, *coordinates(places)).tolist()]


@settings(max_examples=40 if COMPILED else 10)
@given(zone_worlds(), zone_worlds(), st.randoms(use_true_random=False))
def test_a_decoded_index_answers_as_the_built_one(
    zones: dict[Hashable, Geometry], others: dict[Hashable, Geometry], rng: Random
) -> None:
    """In an empty registry, and in one that has other sets already."""
    world = numbered(zones)
    places = hard_places(rng, world, 60)
    expected = answers(*built(world), places)

    content = encoded(world)
    for registry in (ZoneSets(), built(numbered(others))[1]):
        index = adopted(*decode_index(memoryview(content), DIGEST), registry)
        assert answers(index, registry, places) == expected


def test_arrays_stand_in_the_given_memory_where_a_core_reads_them_best() -> None:
    """Nothing but the table of states is a copy, so processes share what they map."""
    content = encoded(WORLD)
    begin = np.frombuffer(content, np.uint8).ctypes.data
    index, _ = decode_index(memoryview(content), DIGEST)

    arrays = [
        index.answer,
        index.zone_no,
        *index.leaves[:-1],
        *index.blocks[3:],
    ]
    for array in arrays:
        assert (
            array.flags.writeable
        )  # read-only arrays are another type, for which kernels would be compiled again
        assert 0 <= array.ctypes.data - begin < len(content)
        assert 0 == (array.ctypes.data - begin) % ALIGNMENT


def test_no_zones_have_an_index_too() -> None:
    """With arrays that have nothing in them."""
    index, zone_sets = decode_index(memoryview(encoded({})), DIGEST)

    assert [()] == answers(index, zone_sets, [(5.0, 52.0)])


def test_no_byte_may_differ() -> None:
    """Each of the start and the header, and many of the arrays."""
    content = encoded(WORLD)
    _, _, length, *_ = START.unpack_from(content)
    rng = Random(1)
    for place in [
        *range(START.size + length),
        *rng.sample(range(START.size + length + 64, len(content)), 200),
    ]:
        bit = 1 << rng.randrange(8)
        content[place] ^= bit
        with pytest.raises(UnusableFileError, match=r"damaged|format|no zone index"):
            decode_index(memoryview(content), DIGEST)
        content[place] ^= bit
    decode_index(memoryview(content), DIGEST)


@pytest.mark.parametrize("left", [0, START.size - 1, START.size, 1_000, -1])
def test_no_byte_may_be_missing(left: int) -> None:
    """A file that was cut is refused, wherever it ends."""
    with pytest.raises(UnusableFileError, match=r"damaged|no zone index"):
        decode_index(memoryview(encoded(WORLD)[:left]), DIGEST)


def test_other_formats_and_other_zones_are_refused_with_the_reason() -> None:
    """An older DULS, another machine, and a file under a wrong name."""
    content = encoded(WORLD)
    with pytest.raises(UnusableFileError, match="other zones"):
        decode_index(memoryview(content), bytes(16))
    _, _, *rest = START.unpack_from(content)
    START.pack_into(content, 0, MAGIC, FORMAT + 1, *rest)
    with pytest.raises(UnusableFileError, match=f"format {FORMAT + 1} in place of {FORMAT}"):
        decode_index(memoryview(content), DIGEST)


def test_other_bytes_have_another_format() -> None:
    """Files of the format are in use; an index that was built in another way would be mistaken for one of today's."""
    assert (FORMAT, sha256(encoded(WORLD)).hexdigest()) == BYTES_OF_WORLD


def test_same_zones_have_one_digest_whatever_their_order() -> None:
    """And another number, another shape or another zone is another digest."""
    digest = zones_digest([(1, b"a"), (2, b"b")])

    assert digest == zones_digest([(2, b"b"), (1, b"a")])
    others = [[(1, b"a")], [(1, b"a"), (3, b"b")], [(1, b"a"), (2, b"c")], [(1, b"b"), (2, b"a")], []]
    assert len({digest, *map(zones_digest, others)}) == 1 + len(others)
