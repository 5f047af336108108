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
from processors.units import DAY_US
from processors.vehicle_table import NEVER_US
from processors.visitor_pseudonyms import Visitors, no_visitors
from processors.vocabulary import FIRST_REJECTION, Outcome, Source
from streams.future_bound import FUTURE_US
from streams.raw_batch import RawBatch, event_arrivals

Decoded = DecodedPositions | DecodedDetections
Observations = PositionColumns | DetectionColumns

TOO_LATE_US: Final = 8 * DAY_US  # no key of such a day is kept, and no setting accepts it

Pseudonymise = Callable[[DecodedPositions | DecodedDetections, "Int64Array"], tuple[UInt64Array, UInt64Array]]

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
    partition = batch.partition[decoded.record]
    broker_us = batch.arrival_us[decoded.record]
    outcome = decoded.outcome.copy()
    accepted = outcome == Outcome.ACCEPTED
    outcome[accepted & (decoded.event_us - broker_us > FUTURE_US[source])] = Outcome.FUTURE
    arrival_us = broker_us
    identified = _unidentified(outcome)
    if rules.clock == "event":
        clock_us = _identify_by_event(decoded, identified, partition, newest_event_us, rules, granted)
        # before the first accepted event there is no event clock; such rows are rejected and only counted
        arrival_us = np.where(clock_us == NEVER_US, broker_us, clock_us)
    else:
        accepted = outcome == Outcome.ACCEPTED
        outcome[accepted & (arrival_us - decoded.event_us > TOO_LATE_US)] = Outcome.TOO_LATE
        _identify(decoded, identified, np.flatnonzero(outcome == Outcome.ACCEPTED), rules)
    if source is Source.FMS:
        _route_unidentified(identified, partition, broker_us, rules)
    offset = batch.offset[decoded.record]
    known = np.zeros(outcome.size, np.uint32) if traits is None else traits
    return Admitted(
        _observations(decoded, identified, (partition, offset, arrival_us), known), identified.destination
    )


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
        outcome,
        np.zeros(rows, np.int32),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.uint32),
        no_visitors(rows),
        np.zeros(rows, np.int32),
    )


def _identify(decoded: Decoded, identified: _Identified, rows: Int64Array, rules: AdmissionRules) -> None:
    """Replace identities and carriers of accepted rows by pseudonyms, day by day, in place."""
    outcome, day, hi, lo, carrier, visitors, destination = identified
    day[rows] = local_days(decoded.event_us[rows], rules.midnights_us)
    for number in _days(day[rows]):
        chosen = rows[day[rows] == number]
        key = rules.day_key(number)
        if key.pseudonymise is None:
            outcome[chosen] = Outcome.KEY_DESTROYED
            continue
        hi[chosen], lo[chosen] = key.pseudonymise(decoded, chosen)
        if isinstance(decoded, DecodedPositions):
            carrier[chosen] = key.pseudonymise_carriers(decoded.carrier[chosen])
            destination[chosen] = (hi[chosen] % np.uint64(key.partitions)).astype(np.int32)
        else:
            visitors.pseudonym[chosen], visitors.traits[chosen] = key.know_visitors(decoded, chosen)


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
    newest_event_us.update(moved)
    return clock_us


def _route_unidentified(
    identified: _Identified, partition: Int32Array, broker_us: Int64Array, rules: AdmissionRules
) -> None:
    """Send rows without a pseudonym by their source partition and the day that the broker took them."""
    rows = np.flatnonzero(identified.outcome != Outcome.ACCEPTED)
    days = local_days(broker_us[rows], rules.midnights_us)
    for day in _days(days):
        chosen = rows[days == day]
        identified.destination[chosen] = partition[chosen] % rules.day_key(day).partitions


def _observations(
    decoded: Decoded,
    identified: _Identified,
    place: tuple[Int32Array, Int64Array, Int64Array],
    traits: UInt32Array,
) -> Observations:
    """Return rows as observations; *place* is source partition, offset and arrival of each."""
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


def _days(day: Int32Array) -> Iterator[int]:
    """Yield each distinct day once."""
    if day.size:
        yield from (np.unique(day).tolist() if day.min() != day.max() else [int(day[0])])


def rejected_rows(columns: Observations) -> Int64Array:
    """Return the places of the rows that were rejected."""
    return np.flatnonzero(columns.outcome >= FIRST_REJECTION)


def day_of(event_us: int, midnights_us: Int64Array) -> int:
    """Return the local day of one moment."""
    return int(local_day(event_us, midnights_us))
