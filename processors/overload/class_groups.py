"""Vehicle classes as rules name them: by group or one by one."""

from collections.abc import Mapping
from typing import Final

from processors.vocabulary import VEHICLE_CLASSES

CLASS_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "all": VEHICLE_CLASSES,
    "freight": ("N1", "N2", "N3"),
    "vans": ("N1",),
    "trucks": ("N2", "N3"),
    "cars": ("M1",),
    "buses": ("M2", "M3"),
}
"""Names of groups and their classes, in the order of `VEHICLE_CLASSES`."""


def group_name(classes: tuple[str, ...]) -> str | None:
    """Return the name of the group with just these classes, None where there is none."""
    return next((name for name, members in CLASS_GROUPS.items() if members == classes), None)
