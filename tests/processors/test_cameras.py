"""A camera is found by its id and tells its zones and what each direction means for them."""

from collections.abc import Mapping
from uuid import UUID

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.cameras import CameraIndex, CameraMovement, build_camera_index
from processors.key_table import ABSENT, number_of_key
from processors.vocabulary import Movement

movements = st.sampled_from([int(movement) for movement in Movement])
zones = st.lists(
    st.builds(CameraMovement, st.integers(1, 2**24 - 1), movements, movements, movements), max_size=4
)
registries = st.dictionaries(st.uuids(), zones, max_size=12)


def told(index: CameraIndex, camera: UUID) -> list[CameraMovement] | None:
    """Return the zones of a camera as the index tells them, or None for a camera that it does not know."""
    hi, lo = np.uint64(camera.int >> 64), np.uint64(camera.int & (2**64 - 1))
    number = number_of_key(index.numbers, hi, lo)
    if number == ABSENT:
        return None
    rows = range(index.starts[number], index.starts[number + 1])
    return [CameraMovement(int(index.zone_no[row]), *index.movement[row].tolist()) for row in rows]


@given(registries, st.uuids())
def test_cameras_tell_their_zones_and_movements(
    registry: Mapping[UUID, list[CameraMovement]], other: UUID
) -> None:
    """Also a camera without zones; one that is not registered is not found."""
    index = build_camera_index((camera.int, rows) for camera, rows in registry.items())

    assert dict(registry) == {camera: told(index, camera) for camera in registry}
    assert registry.get(other) == told(index, other)


def test_an_empty_registry_knows_no_camera() -> None:
    """The state before the first version."""
    assert told(build_camera_index([]), UUID(int=0)) is None
