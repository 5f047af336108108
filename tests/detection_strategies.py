"""Random camera registries and detections for tests that hold fast code against the oracle."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final
from uuid import UUID

from hypothesis import strategies as st

from naive import DetectionRow, Registry, Settings
from naive.buckets import local_day, month_of
from naive.settings import US
from strategies import CLASSES, EMISSIONS, FUTURE_US, Step, random_start_us, random_steps

DIRECTIONS: Final = ("obverse", "reverse", "unknown")
MOVEMENTS: Final = ("in", "out", "unknown")
ZONE_IDS: Final = ("zone-0", "zone-1", "zone-2")


@dataclass(frozen=True)
class DetectionLog:
    """A camera registry, detections by its cameras and others, and one order in which they may be read."""

    registry: Registry
    rows: list[DetectionRow]
    steps: list[Step]
    settings: Settings


def random_uuid(rng: Random) -> UUID:
    """Return a random UUID; small numbers, so that ids differ in few bits."""
    return UUID(int=rng.randrange(1 << 20) << rng.choice((0, 60, 100)))


def random_registry(rng: Random, zone_ids: Sequence[Hashable] = ZONE_IDS, cameras: int = 4) -> Registry:
    """Return cameras with none, one or several zones, each direction of any movement."""
    registry = {}
    for _ in range(cameras):
        zones = rng.sample(list(zone_ids), rng.randint(0, len(zone_ids)))
        meanings = [(zone_id, {way: rng.choice(MOVEMENTS) for way in DIRECTIONS}) for zone_id in zones]
        registry[random_uuid(rng)] = meanings
    return registry


def _delay_us(rng: Random, settings: Settings) -> int:
    """Return how much later than its event a detection arrives; sometimes the camera's clock is ahead."""
    kind = rng.randrange(8)
    if kind < 5:
        return rng.choice((0, US, rng.randrange(20 * US)))
    if kind == 5:
        return rng.randrange(settings.detection_lateness_us)
    if kind == 6:
        return settings.detection_lateness_us + rng.choice((-1, 0, 1))
    return -rng.randrange(FUTURE_US)


def random_detections(
    rng: Random, registry: Registry, settings: Settings, *, count: int = 40, partitions: int = 2
) -> list[DetectionRow]:
    """Return detections in the order of arrival, with repeats, doubtful, late and unregistered ones."""
    cameras = [*registry, random_uuid(rng)]
    start_us = random_start_us(rng)
    sent: list[tuple[int, DetectionRow]] = []
    for _ in range(count):
        event_us = (
            start_us + rng.randrange(12) * 5 * US + rng.choice((0, -1, 1)) + rng.choice((0, 0, 600)) * US
        )
        row = DetectionRow(
            partition=rng.randrange(partitions),
            offset=-1,
            arrival_us=-1,
            event_us=event_us,
            vehicle=f"van-{rng.randrange(3)}",
            vehicle_class=rng.choice(CLASSES),
            zero_emission=rng.choice(EMISSIONS),
            camera=rng.choice(cameras),
            observation_id=random_uuid(rng),
            direction=rng.choice(DIRECTIONS),
            confidence=rng.choice((1.0, 1.0, 0.5, 0.49999999)),
        )
        if rng.random() < 0.8:  # the key of months may come while detections do
            month, _ = month_of(local_day(event_us))
            holder = (rng.random() < 0.5, rng.randrange(22), rng.randrange(4))
            row = replace(row, visitor=(month << 32) + int(str(row.vehicle)[-1]) + 1, holder=holder)
        if sent and rng.random() < 0.2:
            row = replace(row, observation_id=rng.choice(sent)[1].observation_id)
        sent.append((event_us + _delay_us(rng, settings), row))
    return _appended(sent)


def _appended(sent: list[tuple[int, DetectionRow]]) -> list[DetectionRow]:
    """Return rows as partitions hold them, one record each."""
    offsets: dict[int, int] = {}
    rows = []
    for arrival_us, row in sorted(sent, key=lambda item: item[0]):
        offsets[row.partition] = offsets.get(row.partition, -1) + 1
        rows.append(replace(row, arrival_us=arrival_us, offset=offsets[row.partition]))
    return rows


def random_detection_log(rng: Random, *, count: int = 40, partitions: int = 2) -> DetectionLog:
    """Return a registry, detections and a way to read them."""
    settings = Settings(slot_s=rng.choice((60, 300, 900)), dedupe_s=rng.choice((10, 10, 1, 7)))
    registry = random_registry(rng)
    rows = random_detections(rng, registry, settings, count=count, partitions=partitions)
    final_us = max(row.arrival_us for row in rows) + rng.choice((0, 1))
    return DetectionLog(registry, rows, random_steps(rng, rows, partitions, final_us=final_us), settings)


@st.composite
def detection_logs(draw: st.DrawFn) -> DetectionLog:
    """Draw a small log of detections."""
    return random_detection_log(draw(st.randoms(use_true_random=False)), count=draw(st.integers(1, 30)))
