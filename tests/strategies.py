"""Random worlds for tests that hold fast code against the oracle.

Each `random_*` function takes a `random.Random`: a seeded one for large runs, or that of `st.randoms`, which
Hypothesis can shrink, for small ones. Delays and gaps stand on both sides of every bound of the settings.

    @given(position_logs())
    def test_fast_is_naive(log: PositionLog) -> None:
        oracle = NaivePositions(log.settings, log.zones)
        for step in log.steps:
            replay_step(oracle, step)
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final, Protocol

from hypothesis import strategies as st

from naive import Geometry, PositionRow, Settings, midnight_us
from naive.settings import US
from zone_strategies import Place, Zones, changed_zones, random_place, random_zones, zone_worlds

METRE_DEG: Final = 1 / 111_195  # of latitude
FUTURE_US: Final = 59 * US  # a sender's clock may be ahead by less than a minute
CLASSES: Final = ("M1", "N1", "N2", "N3", "unknown")
EMISSIONS: Final = ("yes", "no", "unknown")
CARRIERS: Final = (0, 1, 7, 2**32 - 1)

# Local days around which logs start, since 1970: a plain one, the one of 25 hours, the one of 23 hours.
DAYS: Final = (20_605, 20_751, 20_905)


__all__ = [
    "LogShape",
    "PositionLog",
    "Step",
    "StepReader",
    "changed_zones",
    "position_logs",
    "random_final_us",
    "random_place",
    "random_position_log",
    "random_positions",
    "random_settings",
    "random_start_us",
    "random_steps",
    "random_zones",
    "replay_step",
    "zone_worlds",
]


@dataclass(frozen=True)
class Step:
    """One thing that an observation partition reads: rows, then stream time, then perhaps other zones."""

    rows: tuple[Any, ...]  # PositionRow or DetectionRow
    stream_us: int | None  # None while a source partition has not been heard of
    zones: Zones | None = None  # a change of zones after all that is due was taken


class StepReader(Protocol):
    """What can be driven by steps: the oracle, or an adapter around fast code."""

    def add(self, rows: Any) -> None:
        """Read rows."""

    def advance(self, stream_us: int) -> None:
        """Move stream time."""


def replay_step(reader: StepReader, step: Step) -> None:
    """Let a reader read one step."""
    reader.add(step.rows)
    if step.stream_us is not None:
        reader.advance(step.stream_us)
    if step.zones is not None:
        reader.change_zones(step.zones)  # type: ignore[attr-defined]  # only logs of positions change zones


@dataclass(frozen=True)
class PositionLog:
    """A world, all positions in it, and one order in which they may be read."""

    zones: dict[Hashable, Geometry]
    rows: list[PositionRow]
    steps: list[Step]
    settings: Settings

    @property
    def final_us(self) -> int:
        """Return the stream time after the last step."""
        return self.steps[-1].stream_us or 0


def _next_place(rng: Random, zones: Zones, place: Place, settings: Settings) -> Place:
    """Return where a vehicle is next: still, near, around the stop radius, on its way, elsewhere, far off."""
    kind = rng.randrange(10)
    lon, lat = place
    if kind < 3:
        return place
    if kind < 5:
        reach = settings.stop_radius_m * METRE_DEG
        return (lon, lat + rng.choice((-0.4, 0.4, 0.999, 1.001)) * reach)
    if kind < 8:
        return (lon + rng.uniform(-0.002, 0.002), lat + rng.uniform(-0.002, 0.002))
    if kind == 8 or rng.random() < 0.7:
        return random_place(rng, zones)
    return (lon + rng.choice((-0.08, 0.08)), lat)  # 5.5 km, over the longest jump


def _next_gap_us(rng: Random, settings: Settings) -> int:
    """Return the time to a vehicle's next event: mostly 15 s, else around the bounds of links and stops."""
    if rng.random() < 0.7:
        return rng.choice((15 * US, 15 * US, rng.randrange(1, 60 * US)))
    bounds_us = (settings.max_gap_us, settings.park_gap_us, settings.stop_min_us, settings.slot_us)
    if rng.random() < 0.7:
        return max(0, rng.choice(bounds_us) + rng.choice((-1, 0, 1)))
    return rng.choice((0, 1, 3_600 * US))


def _delay_us(rng: Random, settings: Settings) -> int:
    """Return how much later than its event a row is sent; sometimes the sender's clock is ahead."""
    kind = rng.randrange(12)
    if kind < 6:
        return rng.choice((0, US, rng.randrange(2 * US)))
    if kind < 9:
        return max(0, settings.reorder_us + rng.choice((-US, -1, 0, 1, US)))
    if kind == 9:
        return settings.allowed_lateness_us + rng.choice((-1, 0, 1, US))
    if kind == 10:
        return rng.randrange(2 * 3_600 * US)
    return -rng.randrange(FUTURE_US)


def random_start_us(rng: Random) -> int:
    """Return a start of a log: in the morning, or shortly before local midnight or a change of clocks."""
    day_us = midnight_us(rng.choice(DAYS))
    return day_us + rng.choice((9 * 3_600, 3_000, -600, -3_600, -60)) * US + rng.choice((0, 1, 123_456))


@dataclass(frozen=True)
class _Sent:
    """A row on its way: when it is sent, by which partition, and what it says."""

    sent_us: int
    partition: int
    row: PositionRow


def _track(
    rng: Random, zones: Zones, settings: Settings, vehicle: Hashable, shape: "LogShape"
) -> Iterator[_Sent]:
    """Yield the rows of one vehicle with their repeats, in the order of events."""
    event_us = random_start_us(rng) if shape.start_us is None else shape.start_us
    event_us += rng.randrange(60) * US
    place = random_place(rng, zones)
    home = rng.randrange(shape.partitions)
    kind = (rng.choice(CLASSES), rng.choice(EMISSIONS))
    carrier = rng.choice(CARRIERS)
    for _ in range(shape.length):
        partition = home if rng.random() < 0.8 else rng.randrange(shape.partitions)
        sent = event_us + _delay_us(rng, settings)
        row = _row(event_us, vehicle, place, (rng.choice(CLASSES), "no") if rng.random() < 0.05 else kind)
        row = replace(row, carrier=rng.choice(CARRIERS) if rng.random() < 0.05 else carrier)
        yield _Sent(sent, partition, row)
        if rng.random() < 0.08:  # sent again, or contradicted
            again = row if rng.random() < 0.5 else _row(event_us, vehicle, random_place(rng, zones), kind)
            yield _Sent(event_us + _delay_us(rng, settings), rng.randrange(shape.partitions), again)
        event_us += _next_gap_us(rng, settings)
        place = _next_place(rng, zones, place, settings)


def _row(event_us: int, vehicle: Hashable, place: Place, kind: tuple[str, str]) -> PositionRow:
    """Return a row that has not been appended to a partition yet."""
    return PositionRow(
        partition=-1,
        offset=-1,
        arrival_us=-1,
        event_us=event_us,
        vehicle=vehicle,
        lon=place[0],
        lat=place[1],
        vehicle_class=kind[0],
        zero_emission=kind[1],
    )


def _append(rng: Random, sent: list[_Sent]) -> Iterator[PositionRow]:
    """Yield rows as partitions hold them: arrivals never fall, and some share a record and its arrival."""
    newest: dict[int, tuple[int, int, int]] = {}  # partition -> arrival, offset, index
    for item in sorted(sent, key=lambda item: item.sent_us):
        arrival_us, offset, index = newest.get(item.partition, (item.sent_us, -1, 0))
        if offset >= 0 and item.sent_us - arrival_us <= US and rng.random() < 0.3:
            index += 1
        else:
            arrival_us, offset, index = (
                item.sent_us,
                offset + rng.choice((1, 1, 2)),
                0,
            )  # ticks take offsets too
        newest[item.partition] = (arrival_us, offset, index)
        place = {"partition": item.partition, "offset": offset, "index": index, "arrival_us": arrival_us}
        yield replace(item.row, **place)


@dataclass(frozen=True, kw_only=True)
class LogShape:
    """How large a random log is."""

    vehicles: int = 3
    length: int = 12  # events per vehicle, repeats not counted
    partitions: int = 3
    start_us: int | None = None  # near the first event of each vehicle; random per log by default


def random_positions(
    rng: Random, zones: Zones, settings: Settings, shape: LogShape | None = None
) -> list[PositionRow]:
    """Return positions of random vehicles in the order of arrival: disorder, repeats and late ones."""
    shape = shape or LogShape()
    if shape.start_us is None:
        shape = replace(shape, start_us=random_start_us(rng))
    sent = [
        item
        for number in range(shape.vehicles)
        for item in _track(rng, zones, settings, f"van-{number}", shape)
    ]
    return list(_append(rng, sent))


def random_final_us(rng: Random, newest_us: int, settings: Settings) -> int:
    """Return a last stream time: nothing more, all due, or all silence proven."""
    due_us = newest_us + settings.reorder_us
    silent_us = due_us + settings.park_gap_us + settings.allowed_lateness_us
    return rng.choice((newest_us, due_us, due_us + 1, silent_us + 1, silent_us + 86_400 * US))


def random_steps(
    rng: Random, rows: list[Any], partitions: int, *, final_us: int, zones: Zones | None = None
) -> list[Step]:
    """Return one way to read a log: batches of its partitions in turns, ticks, and their stream time.

    Args:
        rng: Source of all choices.
        rows: Rows whose arrivals never fall within a partition; any kind.
        partitions: Number of source partitions; those without rows have ticks only.
        final_us: Stream time at the end, not before the newest arrival.
        zones: Zones at the start, if they are to change on the way.
    """
    unread = {number: [row for row in rows if row.partition == number] for number in range(partitions)}
    for queue in unread.values():
        queue.sort(key=lambda row: row.identity)
    clocks: dict[int, int] = {}
    steps = []
    while any(unread.values()):
        number = rng.choice([number for number, queue in unread.items() if queue])
        size = rng.randint(1, 8)
        batch, unread[number] = unread[number][:size], unread[number][size:]
        clocks[number] = batch[-1].arrival_us
        for silent in [other for other, queue in unread.items() if not queue and rng.random() < 0.5]:
            clocks[silent] = max(clocks.get(silent, 0), clocks[number])
        stream_us = min(clocks.values()) if len(clocks) == partitions else None
        if zones is not None and rng.random() < 0.1:
            zones = changed_zones(rng, zones)
            steps.append(Step(tuple(batch), stream_us, zones))
        else:
            steps.append(Step(tuple(batch), stream_us))
    return [*steps, Step((), final_us)]


def random_settings(rng: Random) -> Settings:
    """Return the default settings, or others within their bounds."""
    if rng.random() < 0.5:
        return Settings()
    return Settings(
        slot_s=rng.choice((60, 300, 900)),
        max_gap_s=rng.choice((60, 300)),
        park_gap_s=rng.choice((300, 3_600, 14_400)),
        stop_min_s=rng.choice((0, 30, 120)),
        allowed_lateness_s=rng.choice((0, 60, 7_200)),
        reorder_s=rng.choice((0, 5, 30)),
    )


def random_position_log(
    rng: Random, shape: LogShape | None = None, *, zone_changes: bool = False
) -> PositionLog:
    """Return a world, positions in it and a way to read them."""
    shape = shape or LogShape()
    settings = random_settings(rng)
    zones = random_zones(rng, rng.randint(1, 5))
    rows = random_positions(rng, zones, settings, shape)
    final_us = random_final_us(rng, max(row.arrival_us for row in rows), settings)
    changing = zones if zone_changes else None
    steps = random_steps(rng, rows, shape.partitions, final_us=final_us, zones=changing)
    return PositionLog(zones, rows, steps, settings)


@st.composite
def position_logs(draw: st.DrawFn, *, zone_changes: bool = False) -> PositionLog:
    """Draw a small log of positions."""
    shape = LogShape(vehicles=draw(st.integers(1, 3)), length=draw(st.integers(1, 15)))
    return random_position_log(draw(st.randoms(use_true_random=False)), shape, zone_changes=zone_changes)
