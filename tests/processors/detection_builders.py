"""What tests of detections share: columns of oracle rows, registries with numbers, and the state read by steps."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from typing import Final
from uuid import UUID

import numpy as np

from naive import (
    CameraKey,
    Cell,
    CellKey,
    DetectionRow,
    Registry,
    RowOutcome,
    Settings,
    VisitorKey,
    local_day,
)
from processors.cameras import CameraIndex, CameraMovement, build_camera_index
from processors.columns import DetectionColumns, UInt64Array, VisitorDelta
from processors.detections import DetectionState
from processors.ledger import Ledger
from processors.vehicle_traits import AT_HOME, BRANCHES, HOLDER_PLACE, Size, packed_holder
from processors.visitor_rows import merged_visitors
from processors.vocabulary import VEHICLE_CLASSES, ZERO_EMISSIONS, Outcome
from tests.processors.position_builders import MIDNIGHTS_US, FlowTotals, ZoneNumbers, pseudonym, rules

DIRECTIONS: Final = ("obverse", "reverse", "unknown")  # in the order of Direction codes
MOVEMENTS: Final = ("in", "out", "unknown")  # in the order of Movement codes


def number_of(identifier: Hashable) -> int:
    """Return an id of a test, a UUID or a small number, as 128 bits."""
    if isinstance(identifier, UUID):
        return identifier.int
    assert isinstance(identifier, int)
    return identifier


def halves(identifiers: Sequence[Hashable]) -> tuple[UInt64Array, UInt64Array]:
    """Return the upper and the lower halves of ids."""
    numbers = [number_of(identifier) for identifier in identifiers]
    return (
        np.array([number >> 64 for number in numbers], np.uint64),
        np.array([number & (2**64 - 1) for number in numbers], np.uint64),
    )


def detection_columns(rows: Sequence[DetectionRow]) -> DetectionColumns:
    """Return rows of the oracle as observations."""
    days = [local_day(row.event_us) for row in rows]
    names = [pseudonym(row.vehicle, day) for row, day in zip(rows, days, strict=True)]
    camera_hi, camera_lo = halves([row.camera for row in rows])
    observation_hi, observation_lo = halves([row.observation_id for row in rows])
    return DetectionColumns(
        partition=np.array([row.partition for row in rows], np.int32),
        offset=np.array([row.offset for row in rows], np.int64),
        index=np.array([row.index for row in rows], np.int32),
        arrival_us=np.array([row.arrival_us for row in rows], np.int64),
        outcome=np.full(len(rows), Outcome.ACCEPTED, np.uint8),
        event_us=np.array([row.event_us for row in rows], np.int64),
        day=np.array(days, np.int32),
        pseudonym_hi=np.array([hi for hi, _ in names], np.uint64),
        pseudonym_lo=np.array([lo for _, lo in names], np.uint64),
        vehicle_class=np.array([VEHICLE_CLASSES.index(str(row.vehicle_class)) for row in rows], np.uint8),
        zero_emission=np.array([ZERO_EMISSIONS.index(str(row.zero_emission)) for row in rows], np.uint8),
        camera_hi=camera_hi,
        camera_lo=camera_lo,
        observation_hi=observation_hi,
        observation_lo=observation_lo,
        direction=np.array([DIRECTIONS.index(str(row.direction)) for row in rows], np.uint8),
        confidence=np.array([row.confidence for row in rows], np.float64),
        traits=np.array([traits_of(*row.holder) for row in rows], np.uint32),
        visitor=np.array([row.visitor for row in rows], np.uint64),
    )


def traits_of(at_home: bool, branch: int, size: int) -> int:
    """Return what the oracle knows of a vehicle as traits."""
    held = packed_holder("" if branch == 0 else BRANCHES[branch - 1], Size(size))
    return held << HOLDER_PLACE | (AT_HOME if at_home else 0)


def camera_index(registry: Registry, numbers: ZoneNumbers) -> CameraIndex:
    """Return a registry of the oracle as processors take it."""
    return build_camera_index(
        (
            number_of(camera),
            [
                CameraMovement(
                    numbers.number_of(zone_id), *(MOVEMENTS.index(movements[way]) for way in DIRECTIONS)
                )
                for zone_id, movements in zones
            ],
        )
        for camera, zones in registry.items()
    )


def _worded(counts: Counter[tuple[int, ...]]) -> Counter[CameraKey]:
    """Return counts by camera number, hour and texts; those of nothing are left out."""
    return +Counter(
        {
            (
                camera,
                hour_us,
                DIRECTIONS[way],
                VEHICLE_CLASSES[vehicle_class],
                ZERO_EMISSIONS[emission],
            ): count
            for (camera, hour_us, way, vehicle_class, emission), count in counts.items()
        }
    )


class FastDetections:
    """The state under test, read by steps as the oracle is."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings = settings
        self.numbers = ZoneNumbers()
        cameras = camera_index(registry, self.numbers)
        self.state = DetectionState(rules(settings), settings.confidence_floor, cameras, MIDNIGHTS_US)
        self.ledger = Ledger()
        self.totals = FlowTotals()
        self.rejected: list[tuple[int, int, int]] = []  # identities of rows of cameras that nobody registered
        self._visitors: list[VisitorDelta] = []

    def add(self, rows: Iterable[DetectionRow]) -> None:
        """Read rows."""
        self.state.add(detection_columns(list(rows)), self.ledger)

    def advance(self, stream_us: int) -> None:
        """Move stream time."""
        rejections = self.state.advance(stream_us, self.ledger)
        self.rejected += zip(*(column.tolist() for column in rejections[:3]), strict=True)

    def drain(self) -> None:
        """Take all held detections."""
        rejections = self.state.drain(self.ledger)
        self.rejected += zip(*(column.tolist() for column in rejections[:3]), strict=True)

    def change_cameras(self, registry: Registry) -> None:
        """Put another registry in force."""
        self.state.cameras = camera_index(registry, self.numbers)

    def change_settings(self, settings: Settings) -> None:
        """Put other settings in force; cells are flushed first."""
        self.flush()
        self.settings = settings
        self.state.rules, self.state.confidence_floor = rules(settings), settings.confidence_floor

    def flush(self) -> None:
        """Bring what has been added to the totals."""
        delta = self.ledger.drain(slot_s=self.settings.slot_s, midnights_us=MIDNIGHTS_US)
        self.totals.add(delta)
        self._visitors.append(delta.visitors)

    def visitors(self) -> dict[VisitorKey, tuple[set[int], tuple[bool, int, int]]]:
        """Return who came so far, on which days of the month, and what is known of them."""
        self.flush()
        rows = zip(*(column.tolist() for column in merged_visitors(self._visitors)), strict=True)
        return {
            (month, self.numbers.zone_id(zone_no), visitor): (
                {place for place in range(31) if days >> place & 1},
                (at_home, branch, size),
            )
            for month, zone_no, visitor, days, at_home, branch, size in rows
        }

    def cells(self) -> dict[str, dict[CellKey, Cell]]:
        """Return all flow cells so far."""
        self.flush()
        return self.totals.cells(self.numbers)

    def camera_hours(self) -> tuple[Counter[CameraKey], Counter[CameraKey]]:
        """Return passages and vehicles by camera and hour so far, in the words of the oracle."""
        self.flush()
        return _worded(self.totals.passages), _worded(self.totals.camera_vehicles)

    def outcomes(self) -> Counter[RowOutcome]:
        """Return the outcomes so far."""
        self.flush()
        return self.totals.outcomes()
