"""Which zones lie next to each other."""

from collections.abc import Mapping, Sequence

from processors.zone_feature import ZoneFeature


def neighbours_of(zones: Sequence[ZoneFeature]) -> Mapping[str, tuple[str, ...]]:
    """Return the neighbours of each zone, by id: of the same kind, apart by 50 m at most, none within the other."""
    raise NotImplementedError
