"""Bounds of uploads: bytes at once, messages in a minute, and what gzip unpacks to."""

import gzip
import zlib

import pytest

from duls.api import upload_body
from duls.api.upload_body import MOST_MEMBERS, SLICE_BYTES, STEP_BYTES, unpack
from duls.api.upload_bounds import MESSAGES_A_MINUTE, MOST_BYTES, FullError, Room, UploadRate


def test_room_is_given_back_whatever_happens() -> None:
    """After an upload that was too large for it as well."""
    room = Room(100)
    with room.stay() as first:
        first.grow(60)
        with room.stay() as second:
            second.grow(30)
            with pytest.raises(FullError):
                second.grow(30)
        assert 40 == room.free

    assert 100 == room.free


def test_a_sender_has_so_many_messages_in_any_minute() -> None:
    """And hears when the next one may come; others are not held up."""
    times = iter([*(step / 20 for step in range(MESSAGES_A_MINUTE)), 45.5, 45.5, 60.0, 60.0])
    rate = UploadRate(lambda: next(times))
    waits = [rate.wait_s("a") for _ in range(MESSAGES_A_MINUTE)]
    refused = rate.wait_s("a")
    other = rate.wait_s("b")
    again = [rate.wait_s("a"), rate.wait_s("a")]

    assert {0} == set(waits)
    assert (15, 0) == (refused, other)
    assert [0, 1] == again


@pytest.mark.parametrize("size", [0, 1, 10, STEP_BYTES, 3 * STEP_BYTES + 7])
def test_what_is_packed_is_unpacked(size: int) -> None:
    """In one member or several."""
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    assert content == unpack(gzip.compress(content))
    assert content + b"more" == unpack(gzip.compress(content) + gzip.compress(b"more"))


def test_members_without_end_are_refused() -> None:
    """A member without content adds nothing to the size, and costs time all the same."""
    member = gzip.compress(b"")

    assert b"" == unpack(member * MOST_MEMBERS)
    with pytest.raises(zlib.error, match="too many members"):
        unpack(member * (MOST_MEMBERS + 1))


def test_members_of_any_size_are_unpacked() -> None:
    """Wherever the slices that are read end."""
    content = [b"x" * size for size in (0, 1, SLICE_BYTES, 3, 2 * SLICE_BYTES - 1)]
    packed = b"".join(gzip.compress(part, compresslevel=0) for part in content)

    assert b"".join(content) == unpack(packed)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not beyond the bound, which itself is allowed."""
    monkeypatch.setattr(upload_body, "MOST_BYTES", 3 * STEP_BYTES)

    assert unpack(gzip.compress(bytes(3 * STEP_BYTES))) is not None
    assert unpack(gzip.compress(bytes(3 * STEP_BYTES + 1))) is None
    assert unpack(gzip.compress(bytes(2 * STEP_BYTES)) * 2) is None


@pytest.mark.parametrize(
    "packed",
    [b"x", gzip.compress(b"content")[:-3], gzip.compress(b"content") + b"x", zlib.compress(b"x")],
    # gzip writes the second when it packed, and processes that share the tests must name them alike
    ids=["text", "cut", "more", "zlib"],
)
def test_what_is_not_gzip_is_an_error(packed: bytes) -> None:
    """Cut off, too."""
    with pytest.raises(zlib.error):
        unpack(packed)


def test_the_bounds_are_those_of_vesdi() -> None:
    """As its suppliers know them."""
    assert (600, 52_428_800) == (MESSAGES_A_MINUTE, MOST_BYTES)
