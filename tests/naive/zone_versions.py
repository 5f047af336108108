"""What changed between versions of zones, looked at one version after the other."""

from collections.abc import Mapping


def changed_in(shapes: Mapping[int, Mapping[int, bytes]], version: int) -> set[int]:
    """Return the numbers of zones that are new, gone or of another shape in one version.

    Args:
        shapes: what tells the shape of each zone, by version.
        version: from 1 on.
    """
    before, after = shapes.get(version - 1, {}), shapes[version]
    return {zone_no for zone_no in before.keys() | after.keys() if before.get(zone_no) != after.get(zone_no)}


def last_changes(shapes: Mapping[int, Mapping[int, bytes]], version: int) -> dict[int, int]:
    """Return, by zone number, the last version up to one that changed the zone."""
    return {zone_no: number for number in range(1, version + 1) for zone_no in changed_in(shapes, number)}
