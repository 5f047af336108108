"""The steward's word on cameras: in place of what was derived, taken back without a trace, refused when unclear."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.errors import InvalidInputError
from processors.camera_feature import CameraFeature, CameraZone
from processors.camera_overrides import CameraOverride, apply_overrides, read_overrides, undo_overrides
from processors.names import camera_uuid
from processors.vocabulary import Movement

IN, OUT, UNKNOWN = Movement.IN, Movement.OUT, Movement.UNKNOWN
HEADER = "camera_id,zone_id,obverse,reverse,unknown"
MEANINGS = st.tuples(*[st.sampled_from(Movement)] * 3)


def camera(number: int, **zones: tuple[Movement, Movement, Movement]) -> CameraFeature:
    """Return a camera and what it means for zones."""
    meanings = tuple(CameraZone(name, *movements) for name, movements in zones.items())
    return CameraFeature(UUID(int=number), f"c{number}", 52.0, 5.0, None, meanings)


def test_the_word_of_the_steward_counts() -> None:
    """A meaning is replaced, added, or taken away; other zones and cameras stay as they are."""
    cameras = [camera(1, a=(IN, OUT, UNKNOWN), b=(IN, OUT, UNKNOWN)), camera(2, a=(IN, OUT, UNKNOWN))]
    words = [
        CameraOverride(UUID(int=1), "a", CameraZone("a", OUT, IN, UNKNOWN)),
        CameraOverride(UUID(int=1), "b", None),
        CameraOverride(UUID(int=1), "c", CameraZone("c", IN, IN, IN)),
    ]

    changed, _ = apply_overrides(cameras, words)

    assert [camera(1, a=(OUT, IN, UNKNOWN), c=(IN, IN, IN)), cameras[1]] == changed


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), MEANINGS), max_size=3),
    st.dictionaries(st.tuples(st.integers(0, 3), st.sampled_from("abcd")), st.none() | MEANINGS, max_size=6),
)
def test_what_is_taken_back_leaves_no_trace(
    cameras: list[dict[str, tuple[Movement, Movement, Movement]]],
    words: dict[tuple[int, str], tuple[Movement, Movement, Movement] | None],
) -> None:
    """Whatever the steward has said, and also of cameras that are not registered."""
    before = [camera(number, **zones) for number, zones in enumerate(cameras)]
    overrides = [
        CameraOverride(UUID(int=number), zone, CameraZone(zone, *meaning) if meaning else None)
        for (number, zone), meaning in words.items()
    ]

    changed, applied = apply_overrides(before, overrides)
    undone = undo_overrides(changed, applied)

    assert [sorted(part.zones) for part in before] == [sorted(part.zones) for part in undone]
    assert set(overrides) == {part.override for part in applied}


def test_a_table_is_read() -> None:
    """With names that are no UUIDs, and a direction that is not said unknown where it is left out."""
    table = f"{HEADER}\nKade 1,a,in,OUT,\nKade 1,b,none,,\n".encode("utf-8-sig")

    kade = camera_uuid("Kade 1")
    assert [
        CameraOverride(kade, "a", CameraZone("a", IN, OUT, UNKNOWN)),
        CameraOverride(kade, "b", None),
    ] == read_overrides(table, ["a", "b"])
    assert read_overrides(HEADER.encode(), []) == []


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (f"{HEADER}\nCafé,a,in,out,".encode("cp1252"), "not UTF-8, as line 2 shows: save it as UTF-8"),
        (f"{HEADER}\n{'x' * 200_000}".encode(), "is not CSV"),
        (b"camera_id,zone_id\nx,a", "no column obverse, reverse"),
        (f"{HEADER}\nx,nowhere,in,out,".encode(), "Line 2"),
        (f"{HEADER}\n,a,in,out,".encode(), "Line 2"),
        (f"{HEADER}\nx,a,in,out,\nx,a,inward,out,".encode(), "Line 3"),
        (f"{HEADER}\nx,a,in,out,\nx,a,in,out,".encode(), "repeats"),
    ],
)
def test_a_table_that_is_unclear_is_refused(table: bytes, reason: str) -> None:
    """As a whole, for half of a steward's word is none."""
    with pytest.raises(InvalidInputError, match=reason):
        read_overrides(table, ["a"])
