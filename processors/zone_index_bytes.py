"""A zone index as bytes and back: the arrays stay where they are, so that a mapped file is used in place.

The bytes are: MAGIC, format, length of the header, checksums of header and body, the header, and the arrays, each at a
multiple of `ALIGNMENT`. They depend on the zones only: zone sets are numbered as a registry without other sets does,
and `adopted` gives them the numbers of another one. The table of states is left out, since lookups fill it.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from duls.errors import UnusableFileError
from processors.columns import Int32Array
from processors.zone_blocks import block_grids
from processors.zone_index import BASE, UNRESOLVED, EdgeBlocks, Grid, Leaves, ZoneIndex
from processors.zone_sets import ZoneSets

FORMAT: Final = 5
"""Grows with every change of what `build_zone_index` makes of the same zones, or of how it stands in the bytes."""

MAGIC: Final = b"DULSzone"
ALIGNMENT: Final = 64  # bytes: a line of a cache
START: Final = struct.Struct("<8sIIII")  # magic, format, length of the header, checksums of header and body
OWN_ARRAYS: Final = ("answer", "zone_no")
LEAF_ARRAYS: Final = tuple(name for name in Leaves._fields if name != "mask_sets")
BLOCK_ARRAYS: Final = ("starts", "boxes", "edges", "owners", "owner_starts", "owner_zones")

AnyArray = NDArray[Any]
Buffer = bytes | memoryview


class _Header(msgspec.Struct, frozen=True, array_like=True):
    """What the arrays are."""

    zones: bytes  # digest
    grid: Grid
    states: int  # of all leaves
    arrays: list[tuple[str, tuple[int, ...]]]  # type and shape, in the order of `_arrays`


def zones_digest(shapes: Iterable[tuple[int, bytes]]) -> bytes:
    """Return what differs where zones differ.

    Args:
        shapes: number of each zone, and a digest of its polygons.
    """
    digest = blake2b(digest_size=16)
    for zone_no, shape in sorted(shapes):
        digest.update(struct.pack("<qI", zone_no, len(shape)) + shape)
    return digest.digest()


def encode_index(index: ZoneIndex, zone_sets: ZoneSets, zones: bytes) -> list[Buffer]:
    """Return an index as pieces of bytes.

    Args:
        index: built with *zone_sets*, which had no sets before.
        zone_sets: the sets of the index.
        zones: digest of the zones.
    """
    arrays = [np.ascontiguousarray(array) for array in _arrays(index, zone_sets)]
    shapes = [(array.dtype.str, array.shape) for array in arrays]
    header = msgspec.msgpack.encode(_Header(zones, index.grid, index.leaves.mask_sets.size, shapes))
    body: list[Buffer] = []
    for array in arrays:
        body += [array.reshape(-1).view(np.uint8).data, bytes(-array.nbytes % ALIGNMENT)]
    checksum = 0
    for piece in body:
        checksum = zlib.crc32(piece, checksum)
    start = START.pack(MAGIC, FORMAT, len(header), zlib.crc32(header), checksum)
    return [start, header, bytes(-(len(start) + len(header)) % ALIGNMENT), *body]


def decode_index(content: memoryview, zones: bytes) -> tuple[ZoneIndex, ZoneSets]:
    """Return the index in *content*, whose memory its arrays are, and its sets.

    Raises:
        UnusableFileError: It is damaged, has another format, or is of other zones; the message says which.
    """
    header, body = _checked(content)
    if header.zones != zones:
        message = "it is of other zones"
        raise UnusableFileError(message)
    arrays = list(_placed(header, body))
    own, arrays = arrays[: len(OWN_ARRAYS)], arrays[len(OWN_ARRAYS) :]
    leaves, arrays = arrays[: len(LEAF_ARRAYS)], arrays[len(LEAF_ARRAYS) :]
    blocks, (starts, flat) = arrays[: len(BLOCK_ARRAYS)], arrays[len(BLOCK_ARRAYS) :]
    index = ZoneIndex(
        grid=header.grid,
        leaves=Leaves(
            **dict(zip(LEAF_ARRAYS, leaves, strict=True)),
            mask_sets=np.full(header.states, UNRESOLVED, np.int32),
        ),
        blocks=EdgeBlocks(*block_grids(header.grid, blocks[0].size - 1), *blocks),
        **dict(zip(OWN_ARRAYS, own, strict=True)),
    )
    zone_sets = ZoneSets()
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        zone_sets.number_of(flat[begin:end].tolist())
    return index, zone_sets


def adopted(index: ZoneIndex, zone_sets: ZoneSets, registry: ZoneSets) -> ZoneIndex:
    """Return the index with the set numbers of *registry*, where its sets are registered.

    Args:
        index: numbered by *zone_sets*.
        zone_sets: the sets of the index.
        registry: to which the index goes.
    """
    number = np.array(
        [registry.number_of(zone_sets.zones_of(old)) for old in range(len(zone_sets))], np.int32
    )
    if np.array_equal(number, np.arange(number.size)):
        return index
    heads = index.leaves.heads.copy()
    heads[:, BASE] = number[heads[:, BASE]]
    leaves = index.leaves._replace(
        answer=_renumbered(index.leaves.answer, number),
        heads=heads,
        mask_sets=np.full_like(
            index.leaves.mask_sets, UNRESOLVED
        ),  # lookups fill it again, with these numbers
    )
    return index._replace(answer=_renumbered(index.answer, number), leaves=leaves)


def _renumbered(answer: Int32Array, number: Int32Array) -> Int32Array:
    """Return answers with other set numbers; what is no set stays."""
    return np.where(answer < 0, answer, number[np.maximum(answer, 0)]).astype(np.int32)


def _arrays(index: ZoneIndex, zone_sets: ZoneSets) -> Iterator[AnyArray]:
    """Yield the arrays of an index and its sets in the order of the bytes."""
    yield from (getattr(index, name) for name in OWN_ARRAYS)
    yield from (getattr(index.leaves, name) for name in LEAF_ARRAYS)
    yield from (getattr(index.blocks, name) for name in BLOCK_ARRAYS)
    yield from zone_sets.arrays()


def _checked(content: memoryview) -> tuple[_Header, memoryview]:
    """Return header and arrays, once both are known to be as they were written."""
    message = "it is no zone index"
    if len(content) < START.size:
        raise UnusableFileError(message)
    magic, version, length, header_checksum, body_checksum = START.unpack_from(content)
    if magic != MAGIC:
        raise UnusableFileError(message)
    if version != FORMAT:
        message = f"it has format {version} in place of {FORMAT}"
        raise UnusableFileError(message)
    packed = content[START.size : START.size + length]
    body = content[START.size + length + -(START.size + length) % ALIGNMENT :]
    if zlib.crc32(packed) != header_checksum or zlib.crc32(body) != body_checksum:
        message = "it is damaged"
        raise UnusableFileError(message)
    return msgspec.msgpack.decode(packed, type=_Header), body


def _placed(header: _Header, body: memoryview) -> Iterator[AnyArray]:
    """Yield the arrays, where they stand."""
    place = 0
    for kind, shape in header.arrays:
        dtype = np.dtype(kind)
        if not dtype.isnative:
            message = f"its numbers are {kind}, which this machine does not have"
            raise UnusableFileError(message)
        count = _count(shape)
        yield np.frombuffer(body, dtype, count, place).reshape(shape)
        place += count * dtype.itemsize + -count * dtype.itemsize % ALIGNMENT


def _count(shape: Sequence[int]) -> int:
    """Return how many numbers an array has."""
    return int(np.prod(shape, dtype=np.int64))
