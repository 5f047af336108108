"""The settings that decide figures, with the defaults of semantics.md."""

from dataclasses import dataclass
from typing import Final, Literal

US: Final = 1_000_000  # microseconds in a second, micrometres in a metre
LATE_AFTER_US: Final = 60 * US  # an observation is `late` in a bucket that ended longer ago than this
SLOT_LENGTHS_S: Final = (60, 300, 900)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with a meaning for figures; lengths of time in seconds, distances in metres."""

    slot_s: int = 300
    max_gap_s: int = 300
    stop_radius_m: float = 50
    park_gap_s: int = 14_400
    stop_min_s: int = 120
    max_jump_m: float = 5_000
    allowed_lateness_s: int = 7_200
    reorder_s: int = 5
    dedupe_s: int = 10
    confidence_floor: float = 0.5
    detection_lateness_s: int = 7 * 86_400
    clock: Literal["arrival", "event"] = "arrival"  # says how arrivals were made; the rows already carry them

    def __post_init__(self) -> None:
        """Refuse settings under which the definitions contradict each other."""
        if self.slot_s not in SLOT_LENGTHS_S:
            message = f"slot_s must be one of {SLOT_LENGTHS_S}, got {self.slot_s}"
            raise ValueError(message)
        if self.park_gap_s < self.max_gap_s:
            # silence is proven after park_gap_s: a longer max_gap_s could still link
            message = f"park_gap_s must be at least max_gap_s, got {self.park_gap_s} < {self.max_gap_s}"
            raise ValueError(message)

    @property
    def slot_us(self) -> int:
        """Return the length of a slot in microseconds."""
        return self.slot_s * US

    @property
    def max_gap_us(self) -> int:
        """Return the longest gap that links moving positions, in microseconds."""
        return self.max_gap_s * US

    @property
    def park_gap_us(self) -> int:
        """Return the longest gap that links positions close together, in microseconds."""
        return self.park_gap_s * US

    @property
    def stop_radius_um(self) -> int:
        """Return the radius of a stop in micrometres."""
        return round(self.stop_radius_m * US)

    @property
    def stop_min_us(self) -> int:
        """Return the shortest length of a stop in microseconds."""
        return self.stop_min_s * US

    @property
    def max_jump_um(self) -> int:
        """Return the longest link that may count as `through`, in micrometres."""
        return round(self.max_jump_m * US)

    @property
    def allowed_lateness_us(self) -> int:
        """Return how much later than its event a position may arrive, in microseconds."""
        return self.allowed_lateness_s * US

    @property
    def reorder_us(self) -> int:
        """Return how long a position is held, in microseconds."""
        return self.reorder_s * US

    @property
    def dedupe_us(self) -> int:
        """Return the length of the window in which detections are one, in microseconds."""
        return self.dedupe_s * US

    @property
    def detection_lateness_us(self) -> int:
        """Return how much later than its event a detection may arrive, in microseconds."""
        return self.detection_lateness_s * US
