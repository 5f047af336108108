"""A morning of a simulated city as raw records: disordered, repeated, poisoned and late in known shares."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from random import Random
from typing import Final, NamedTuple, TypeVar

import numpy as np

from duls.local_midnights import local_midnights
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedDetections, SimulatedPositions
from processors.simulation.detections import detections
from processors.simulation.positions import positions
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions
from tests.acceptance.poison import broken_records, wrong_rows
from tests.faults.raw_topics import ANPR, FMS, Outgoing

Item = TypeVar("Item")

US: Final = 1_000_000
TUESDAY: Final = 20_781  # 2026-11-24
START_S: Final = 8 * 3_600  # local time at which the morning begins
LENGTH_S: Final = 6_600  # well within the allowed lateness, so nothing is late by itself
INTERVAL_S: Final = 10
DISORDERED: Final = 0.02
REPEATED: Final = 0.01
POISONED: Final = 0.001
LATE: Final = 0.0002
WITHHELD: Final = 0.0005
STRAYING: Final = 0.1  # share of rows in another partition than that of their vehicle
NEAREST: Final = 1_500  # places later: more than the other vehicles send between two rows of one
FARTHEST: Final = 20_000  # far less than is sent within reorder_s
WINDOW: Final = 2_000  # rows that are packed in one way
PACKED: Final = 50  # rows of a packed record
ENVELOPE: Final = 8  # detections of an envelope
STRANGER: Final = b"00000000-0000-4000-8000-000000000000"
STRANGE: Final = 0.1  # share of the envelopes with one camera in which that is one that nobody registered
OLDER_S: Final = 4 * 3_600  # of late rows


class Scale(NamedTuple):
    """How much is sent."""

    positions: int
    detections: int
    vehicles: int  # that send positions
    watched: int  # that cameras see


MILLION: Final = Scale(positions=1_000_000, detections=50_000, vehicles=8_500, watched=42_000)


class _Row(NamedTuple):
    """The text of a row, and the partition that it is sent to."""

    partition: int
    text: bytes


class CityInput(NamedTuple):
    """Records in the order of sending; what is withheld is sent once reorder_s is over."""

    city: SimulatedCity
    records: list[Outgoing]
    withheld: list[Outgoing]
    rows: dict[str, int]  # rows sent by source, poison included
    broken: frozenset[bytes | None]  # records that no reader can take apart


def build_city(seed: int, scale: Scale = MILLION) -> SimulatedCity:
    """Return the city of a seed."""
    return SimulatedCity.build(seed, vehicles=scale.watched, midnights_us=local_midnights())


def morning(city: SimulatedCity, scale: Scale, *, end_us: int, partitions: int, random: Random) -> CityInput:
    """Return a morning whose last event is at *end_us*.

    Args:
        city: with at least as many vehicles as the scale watches.
        scale: how much is sent.
        end_us: event time of the end, microseconds since 1970.
        partitions: of the raw topics.
        random: settles disorder, repeats and partitions.
    """
    start_us = int(local_midnights()[TUESDAY]) + START_S * US
    shift_us = (end_us - LENGTH_S * US - start_us) // 1_000 * 1_000
    rows, late, withheld = _position_rows(city, scale, start_us, shift_us, partitions, random)
    wrong = [
        _Row(random.randrange(partitions), text) for text in wrong_rows(int(scale.positions * POISONED) // 2)
    ]
    rows = _shuffled([*rows, *late], random)
    rows = _scattered(rows, wrong, random)
    broken = broken_records(int(scale.positions * POISONED) // 2)
    packed = list(_packed(rows, random))
    records = _scattered(
        packed, [Outgoing(FMS, random.randrange(partitions), text) for text in broken], random
    )
    seen, seen_rows = _detection_records(city, scale, start_us, shift_us, partitions, random)
    return CityInput(
        city,
        _interleaved(records, seen),
        [Outgoing(FMS, row.partition, row.text) for row in withheld],
        {FMS: len(rows) + len(broken) + len(withheld), ANPR: seen_rows},
        frozenset(broken),
    )


def _position_rows(
    city: SimulatedCity, scale: Scale, start_us: int, shift_us: int, partitions: int, random: Random
) -> tuple[list[_Row], list[_Row], list[_Row]]:
    """Return the rows of vehicles in event order with their repeats, those that are late, those to withhold."""
    end_us = start_us + LENGTH_S * US
    batches = list(
        positions(city, start_us, end_us, INTERVAL_S, window_s=60.0, vehicles=range(scale.vehicles))
    )
    columns = SimulatedPositions._make(
        np.concatenate(parts)[: scale.positions] for parts in zip(*batches, strict=True)
    )
    assert columns.vehicle.size == scale.positions, f"only {columns.vehicle.size} positions: more vehicles"
    texts = encode_positions(columns._replace(event_us=columns.event_us + shift_us))
    partition = [
        random.randrange(partitions) if random.random() < STRAYING else vehicle % partitions
        for vehicle in columns.vehicle.tolist()
    ]
    rows = [_Row(number, text) for number, text in zip(partition, texts, strict=True)]
    chosen = random.sample(range(len(rows)), int(len(rows) * (LATE + WITHHELD)))
    late = set(chosen[: int(len(rows) * LATE)])
    old = _older(columns, shift_us, sorted(late))
    withheld = [rows[place] for place in chosen[len(late) :]]
    gone = set(chosen)
    kept = [row for place, row in enumerate(rows) if place not in gone]
    return kept, [_Row(random.randrange(partitions), text) for text in old], withheld


def _older(columns: SimulatedPositions, shift_us: int, places: Sequence[int]) -> list[bytes]:
    """Return rows as if they had been sent hours too late."""
    chosen = SimulatedPositions._make(column[list(places)] for column in columns)
    return encode_positions(chosen._replace(event_us=chosen.event_us + shift_us - OLDER_S * US))


def _shuffled(rows: list[_Row], random: Random) -> list[_Row]:
    """Return the rows with some moved to a later place, and some repeated there."""
    keyed = []
    for place, row in enumerate(rows):
        later = place + random.randrange(NEAREST, FARTHEST)
        keyed.append((later if random.random() < DISORDERED else place, row))
        if random.random() < REPEATED:
            keyed.append((later, row))
    keyed.sort(key=lambda item: item[0])
    return [row for _, row in keyed]


def _scattered(items: list[Item], others: Iterable[Item], random: Random) -> list[Item]:
    """Return *items* with *others* put among them."""
    keyed = [(float(place), item) for place, item in enumerate(items)]
    keyed += [(random.uniform(0.0, len(items)), other) for other in others]
    keyed.sort(key=lambda pair: pair[0])
    return [item for _, item in keyed]


def _packed(rows: list[_Row], random: Random) -> Iterator[Outgoing]:
    """Yield records: one row each, or a JSON array or NDJSON of neighbours in one partition."""
    for start in range(0, len(rows), WINDOW):
        window = rows[start : start + WINDOW]
        way = random.random()
        if way < 0.6:
            yield from (Outgoing(FMS, row.partition, row.text) for row in window)
            continue
        window.sort(key=lambda row: row.partition)
        for partition, group in groupby(window, key=lambda row: row.partition):
            texts = [row.text for row in group]
            for first in range(0, len(texts), PACKED):
                some = texts[first : first + PACKED]
                value = b"[" + b",".join(some) + b"]" if way < 0.85 else b"\n".join(some) + b"\n"
                yield Outgoing(FMS, partition, value)


def _detection_records(
    city: SimulatedCity, scale: Scale, start_us: int, shift_us: int, partitions: int, random: Random
) -> tuple[list[Outgoing], int]:
    """Return envelopes with disorder, repeats and poison, and how many rows they hold."""
    end_us = start_us + LENGTH_S * US
    batches = list(detections(city, start_us, end_us, window_s=60.0, vehicles=range(scale.watched)))
    columns = SimulatedDetections._make(
        np.concatenate(parts)[: scale.detections] for parts in zip(*batches, strict=True)
    )
    assert columns.vehicle.size == scale.detections, f"only {columns.vehicle.size} detections: more vehicles"
    order = np.arange(scale.detections, dtype=np.float64)
    late = np.array([random.random() < DISORDERED for _ in range(scale.detections)])
    order[late] += np.array([random.uniform(1, FARTHEST // 20) for _ in range(int(late.sum()))])
    repeats = np.array(random.sample(range(scale.detections), int(scale.detections * REPEATED)))
    places = np.concatenate([np.argsort(order, kind="stable"), repeats])
    columns = SimulatedDetections._make(column[places] for column in columns)
    columns = columns._replace(event_us=columns.event_us + shift_us)
    known = str(city.cameras[0].camera_id).encode()
    values = [
        value.replace(known, STRANGER) if random.random() < STRANGE else value
        for value in encode_detections(columns, city.cameras, batch=ENVELOPE)
    ]
    values += _poisoned_envelopes(scale)
    records = [Outgoing(ANPR, random.randrange(partitions), value) for value in values]
    return records, int(columns.vehicle.size) + int(scale.detections * POISONED)


def _poisoned_envelopes(scale: Scale) -> Iterator[bytes]:
    """Yield envelopes whose one detection has no plate."""
    for number in range(int(scale.detections * POISONED)):
        row = {
            "observation_id": f"poison {number}",
            "camera_id": "none",
            "event_time": "2026-11-24T08:00:00Z",
        }
        envelope = {
            "message_type": "anpr_observation_batch",
            "schema_version": "anpr-2.0.0",
            "payload": [{**row, "note": "poison"}],
        }
        yield json.dumps(envelope).encode()


def _interleaved(many: list[Outgoing], few: list[Outgoing]) -> list[Outgoing]:
    """Return both lists as one, spread evenly."""
    step = len(many) / max(1, len(few))
    keyed = [(float(place), record) for place, record in enumerate(many)]
    keyed += [(place * step, record) for place, record in enumerate(few)]
    keyed.sort(key=lambda item: item[0])
    return [record for _, record in keyed]
