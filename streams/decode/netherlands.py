"""The box around the Netherlands, by which coordinates that a sender has exchanged are known."""

from typing import Final

from processors.jit import lean_kernel

SOUTH_DEG: Final = 50.6
NORTH_DEG: Final = 53.8
WEST_DEG: Final = 3.1
EAST_DEG: Final = 7.4


@lean_kernel
def is_exchanged(lat: float, lon: float) -> bool:
    """Tell whether a point is in the box only with its coordinates exchanged.

    As it stands it lies in the sea off Somalia, where no sender of ours drives.
    """
    return SOUTH_DEG <= lon <= NORTH_DEG and WEST_DEG <= lat <= EAST_DEG
