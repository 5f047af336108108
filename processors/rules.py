"""The numbers that the figures depend on, as one versioned document and as integers for kernels."""

from typing import NamedTuple

import msgspec

from processors.units import UM_PER_M, US_PER_S


class FigureSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings that decide figures; stored as a version in the database and announced in the log.

    Defaults are those of the definitions; units are in the names.
    """

    slot_s: int = 300
    clock: str = "arrival"
    max_gap_s: int = 300
    park_gap_s: int = 14_400
    stop_radius_m: float = 50.0
    stop_min_s: int = 120
    max_jump_m: float = 5_000.0
    allowed_lateness_s: int = 7_200
    detection_lateness_s: int = 7 * 86_400
    reorder_s: float = 5.0
    dedupe_s: int = 10
    confidence_floor: float = 0.5
    late_after_s: int = 60


class Rules(NamedTuple):
    """The same settings as integers: times in microseconds, distances in micrometres."""

    slot_us: int
    max_gap_us: int
    park_gap_us: int
    stop_radius_um: int
    stop_min_us: int
    max_jump_um: int
    allowed_lateness_us: int
    detection_lateness_us: int
    reorder_us: int
    dedupe_us: int
    late_after_us: int


def rules_of(settings: FigureSettings) -> Rules:
    """Return the integer form of the settings."""
    return Rules(
        slot_us=settings.slot_s * US_PER_S,
        max_gap_us=settings.max_gap_s * US_PER_S,
        park_gap_us=settings.park_gap_s * US_PER_S,
        stop_radius_um=round(settings.stop_radius_m * UM_PER_M),
        stop_min_us=settings.stop_min_s * US_PER_S,
        max_jump_um=round(settings.max_jump_m * UM_PER_M),
        allowed_lateness_us=settings.allowed_lateness_s * US_PER_S,
        detection_lateness_us=settings.detection_lateness_s * US_PER_S,
        reorder_us=round(settings.reorder_s * US_PER_S),
        dedupe_us=settings.dedupe_s * US_PER_S,
        late_after_us=settings.late_after_s * US_PER_S,
    )
