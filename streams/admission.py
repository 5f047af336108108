"""From decoded rows to observations: the checks that need the clock of the log, pseudonyms, and the way of each row."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from processors.calendar import local_day, local_days
from processors.columns import (
    BoolArray,
    DecodedDetections,
    DecodedPositions,
    DetectionColumns,
    Int32Array,
    Int64Array,
    PositionColumns,
    UInt8Array,
    UInt32Array,
    UInt64Array,
)
from processors.jit import lean_kernel
from processors.units import DAY_US
from processors.vehicle_table import FOREVER_US, NEVER_US
from processors.visitor_pseudonyms import Visitors, no_visitors
from processors.vocabulary import FIRST_REJECTION, Outcome, Source
from streams.future_bound import FUTURE_US
from streams.raw_batch import RawBatch, event_arrivals

Decoded = DecodedPositions | DecodedDetections
Observations = PositionColumns | DetectionColumns

TOO_LATE_US: Final = 8 * DAY_US  # no key of such a day is kept, and no setting accepts it

Rows = Int64Array | slice
"""Some rows of a batch: their places, or `ALL`."""

ALL: Final = slice(None)  # mostly it is all rows, which NumPy then neither looks for nor copies

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_FUTURE: Final = int(Outcome.FUTURE)
_TOO_LATE: Final = int(Outcome.TOO_LATE)

Pseudonymise = Callable[[DecodedPositions | DecodedDetections, Rows], tuple[UInt64Array, UInt64Array]]

PseudonymiseCarriers = Callable[["UInt64Array"], UInt32Array]


def name_no_carrier(digests: UInt64Array) -> UInt32Array:
    """Return no carrier for each row."""
    return np.zeros(digests.size, np.uint32)


KnowVisitors = Callable[[DecodedDetections, "Int64Array"], Visitors]


def know_nobody(decoded: DecodedDetections, rows: Int64Array) -> Visitors:
    """Return that nobody is known over a month."""
    del decoded
    return no_visitors(rows.size)


class DayKey(NamedTuple):
    """What is fixed for a local day: how its pseudonyms are made and over how many partitions they go."""

    pseudonymise: Pseudonymise | None  # None once the key of the day is destroyed
    partitions: int
    pseudonymise_carriers: PseudonymiseCarriers = name_no_carrier
    know_visitors: KnowVisitors = know_nobody  # over the days of its month


class AdmissionRules(NamedTuple):
    """What admission depends on besides the rows."""

    clock: str  # arrival or event
    midnights_us: Int64Array
    day_key: Callable[[int], DayKey]


class Admitted(NamedTuple):
    """Observations of a batch and where each goes."""

    columns: Observations
    destination: Int32Array  # observation partition of each row


def admit(
    decoded: Decoded,
    batch: RawBatch,
    newest_event_us: dict[int, int],
    rules: AdmissionRules,
    *,
    traits: UInt32Array | None = None,
    granted: BoolArray | None = None,
) -> Admitted:
    """Return the observations of a batch.

    A row more than 60 s (positions) or 5 min (detections) ahead of the broker's clock is rejected, whatever the
    clock of arrivals. Rows of days whose key is destroyed are rejected; rows older than any key are late.

    Args:
        decoded: Rows of the batch.
        batch: The records that they came from.
        newest_event_us: Largest accepted event time by source partition, for the event clock; updated in place.
        rules: Clock, midnights and day keys.
        traits: What registers know of the vehicle of each row; nothing when left out.
        granted: Which rows are not withheld afterwards, for the event clock; all when left out.
    """
    source = Source.FMS if isinstance(decoded, DecodedPositions) else Source.ANPR
    by_event = rules.clock == "event"
    bounds = _Bounds(FUTURE_US[source], FOREVER_US if by_event else TOO_LATE_US)
    identified = _unidentified(decoded.outcome)
    place = _room_for_places(decoded.outcome.size)
    accepted = _judge(
        decoded.record,
        decoded.event_us,
        _Place(batch.partition, batch.offset, batch.arrival_us),
        bounds,
        rules.midnights_us,
        place,
        identified.outcome,
        identified.day,
    )
    broker_us = place.arrival_us
    if by_event:
        clock_us = _identify_by_event(decoded, identified, place.partition, newest_event_us, rules, granted)
        # before the first accepted event there is no event clock; such rows are rejected and only counted
        place = place._replace(arrival_us=np.where(clock_us == NEVER_US, broker_us, clock_us))
    else:
        is_all = accepted == identified.outcome.size
        rows = ALL if is_all else np.flatnonzero(identified.outcome == _ACCEPTED)
        _identify(decoded, identified, rows, rules)
    if source is Source.FMS:
        _route_unidentified(identified, place.partition, broker_us, rules)
    known = np.zeros(decoded.outcome.size, np.uint32) if traits is None else traits
    return Admitted(_observations(decoded, identified, place, known), identified.destination)


class _Place(NamedTuple):
    """Where records, or the records of rows, stand, and when they arrived."""

    partition: Int32Array
    offset: Int64Array
    arrival_us: Int64Array


class _Bounds(NamedTuple):
    """How far a row may be from its arrival."""

    ahead_us: int
    behind_us: int


def _room_for_places(rows: int) -> _Place:
    """Return room for the places of so many rows."""
    return _Place(np.empty(rows, np.int32), np.empty(rows, np.int64), np.empty(rows, np.int64))


@lean_kernel
def _judge(
    record: Int32Array,
    event_us: Int64Array,
    records: _Place,
    bounds: _Bounds,
    midnights_us: Int64Array,
    place: _Place,
    outcome: UInt8Array,
    day: Int32Array,
) -> int:
    """Write the place of each row, reject accepted ones beyond the bounds, and tell the days of those that stay so.

    Args:
        record: Place in the batch of the record of each row.
        event_us: Event time of each row.
        records: Of the batch.
        bounds: Of the source.
        midnights_us: Table of local midnights.
        place: Room for that of each row.
        outcome: Of each row, changed in place.
        day: Of each row, changed in place.

    Returns:
        How many rows stay accepted.
    """
    accepted = 0
    for row in range(record.size):
        number = record[row]
        arrived_us = records.arrival_us[number]
        place.partition[row] = records.partition[number]
        place.offset[row] = records.offset[number]
        place.arrival_us[row] = arrived_us
        if outcome[row] != _ACCEPTED:
            continue
        if event_us[row] - arrived_us > bounds.ahead_us:
            outcome[row] = _FUTURE
        elif arrived_us - event_us[row] > bounds.behind_us:
            outcome[row] = _TOO_LATE
        else:
            day[row] = local_day(event_us[row], midnights_us)
            accepted += 1
    return accepted


class _Identified(NamedTuple):
    """What rows became once their identity was replaced."""

    outcome: UInt8Array
    day: Int32Array
    hi: UInt64Array
    lo: UInt64Array
    carrier: UInt32Array
    visitors: Visitors
    destination: Int32Array


def _unidentified(outcome: UInt8Array) -> _Identified:
    """Return rows before any identity was replaced."""
    rows = outcome.size
    return _Identified(
        outcome.copy(),
        np.zeros(rows, np.int32),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.uint32),
        no_visitors(rows),
        np.zeros(rows, np.int32),
    )


def _identify(decoded: Decoded, identified: _Identified, rows: Rows, rules: AdmissionRules) -> None:
    """Replace identities and carriers of accepted rows by pseudonyms, day by day, in place."""
    outcome, day, hi, lo, carrier, visitors, destination = identified
    for number, chosen in _by_day(day, rows):
        key = rules.day_key(number)
        if key.pseudonymise is None:
            outcome[chosen] = Outcome.KEY_DESTROYED
            continue
        hi[chosen], lo[chosen] = key.pseudonymise(decoded, chosen)
        if isinstance(decoded, DecodedPositions):
            carrier[chosen] = key.pseudonymise_carriers(decoded.carrier[chosen])
            destination[chosen] = hi[chosen] % np.uint64(key.partitions)
        else:
            places = np.arange(outcome.size)[chosen]
            visitors.pseudonym[chosen], visitors.traits[chosen] = key.know_visitors(decoded, places)


def _by_day(day: Int32Array, rows: Rows) -> Iterator[tuple[int, Rows]]:
    """Yield each distinct day of some rows, and those of it."""
    days = day[rows]
    if not days.size:
        return
    if days.min() == days.max():
        yield int(days[0]), rows
        return
    for number in np.unique(days).tolist():
        chosen = np.flatnonzero(days == number)
        yield number, chosen if isinstance(rows, slice) else rows[chosen]


def _identify_by_event(
    decoded: Decoded,
    identified: _Identified,
    partition: Int32Array,
    newest_event_us: dict[int, int],
    rules: AdmissionRules,
    granted: BoolArray | None,
) -> Int64Array:
    """Identify rows that are not too late by the event clock, and return that clock at each row.

    A row that is withheld, or whose key is destroyed, moves no clock; which keys are, is asked only for rows that are
    not too late. So the clock is first worked out as if all keys were there, which is as late as it can be, and again
    without the rows whose keys turned out to be destroyed, until there are none.
    """
    outcome = identified.outcome
    waiting = outcome == Outcome.ACCEPTED
    moves = waiting.copy() if granted is None else waiting & granted
    while True:
        moved = dict(newest_event_us)
        clock_us = event_arrivals(np.where(moves, decoded.event_us, NEVER_US), partition, moved)
        rows = np.flatnonzero(waiting & (clock_us - decoded.event_us <= TOO_LATE_US))
        _identify(decoded, identified, rows, rules)
        waiting[rows] = False
        destroyed = rows[moves[rows] & (outcome[rows] == Outcome.KEY_DESTROYED)]
        if not destroyed.size:
            break
        moves[destroyed] = False
    outcome[waiting] = Outcome.TOO_LATE
    identified.day[waiting] = 0
    newest_event_us.update(moved)
    return clock_us


def _route_unidentified(
    identified: _Identified, partition: Int32Array, broker_us: Int64Array, rules: AdmissionRules
) -> None:
    """Send rows without a pseudonym by their source partition and the day that the broker took them."""
    rows = np.flatnonzero(identified.outcome != Outcome.ACCEPTED)
    days = local_days(broker_us[rows], rules.midnights_us)
    for day, chosen in _by_day(days, ALL):
        unidentified = rows[chosen]
        identified.destination[unidentified] = partition[unidentified] % rules.day_key(day).partitions


def _observations(
    decoded: Decoded,
    identified: _Identified,
    place: _Place,
    traits: UInt32Array,
) -> Observations:
    """Return rows as observations."""
    partition, offset, arrival_us = place
    shared = (
        partition,
        offset,
        decoded.index,
        arrival_us,
        identified.outcome,
        decoded.event_us,
        identified.day,
        identified.hi,
        identified.lo,
    )
    attributes = (decoded.vehicle_class, decoded.zero_emission)
    if isinstance(decoded, DecodedPositions):
        where = (decoded.lat, decoded.lon)
        return PositionColumns(*shared, *where, *attributes, traits, identified.carrier)
    return DetectionColumns(
        *shared,
        *attributes,
        decoded.camera_hi,
        decoded.camera_lo,
        decoded.observation_hi,
        decoded.observation_lo,
        decoded.direction,
        decoded.confidence,
        traits | identified.visitors.traits,
        identified.visitors.pseudonym,
    )


def rejected_rows(columns: Observations) -> Int64Array:
    """Return the places of the rows that were rejected."""
    return np.flatnonzero(columns.outcome >= FIRST_REJECTION)


def day_of(event_us: int, midnights_us: Int64Array) -> int:
    """Return the local day of one moment."""
    return int(local_day(event_us, midnights_us))
