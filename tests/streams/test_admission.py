"""What admission makes of decoded rows: checks against the clock of the log, pseudonyms, and the way of each row."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.local_midnights import local_midnights
from processors.columns import DecodedDetections, DecodedPositions, DetectionColumns, Int64Array, UInt64Array
from processors.units import DAY_US, HOUR_US, US_PER_S
from processors.vehicle_table import NEVER_US
from processors.vocabulary import Outcome, Source
from streams.admission import (
    TOO_LATE_US,
    AdmissionRules,
    Admitted,
    DayKey,
    admit,
    day_of,
    rejected_rows,
)
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.future_bound import FUTURE_US
from streams.raw_batch import RawBatch

MIDNIGHTS_US = local_midnights()
NOW_US = 1_795_000_000 * US_PER_S  # a day in November 2026
TODAY = day_of(NOW_US, MIDNIGHTS_US)
MS = 1_000
PARTITIONS = 5


def pseudonymise(
    decoded: DecodedPositions | DecodedDetections, rows: Int64Array
) -> tuple[UInt64Array, UInt64Array]:
    """Return what stands for the pseudonyms: the sum of the bytes of an identity, and its length."""
    sums = [
        int(decoded.identity[start : start + length].astype(np.int64).sum())
        for start, length in zip(decoded.identity_start[rows], decoded.identity_length[rows], strict=True)
    ]
    return np.array(sums, np.uint64), decoded.identity_length[rows].astype(np.uint64)


def rules(
    *, clock: str = "arrival", destroyed: Sequence[int] = (), partitions: int = PARTITIONS
) -> AdmissionRules:
    """Return rules under which some days are destroyed; tomorrow has one partition more."""

    def day_key(day: int) -> DayKey:
        return DayKey(None if day in destroyed else pseudonymise, partitions + (day > TODAY))

    return AdmissionRules(clock, MIDNIGHTS_US, day_key)


def record(event_us: int, vehicle: str = "NL:AB-1") -> bytes:
    """Return a canonical position."""
    return b'{"vehicle":"%s","time":%d,"lat":52.0,"lon":5.0}' % (vehicle.encode(), event_us // MS)


def passage(event_us: int) -> bytes:
    """Return a VESDI envelope with one detection."""
    text = np.datetime_as_string(np.datetime64(event_us, "us"), "us")
    return (
        b'{"message_type":"anpr_observation_batch","schema_version":"anpr-2.0.0","payload":[{"observation_id":'
        b'"00000000-0000-0000-0000-000000000001","camera_id":"00000000-0000-0000-0000-000000000002","event_time":"%sZ",'
        b'"plate_country":"NL","plate_text":"XX999X","detection_direction":"obverse"}]}'
    ) % text.encode()


def batch(
    values: Sequence[bytes | None], *, arrival_us: int | Sequence[int] = NOW_US, partition: int = 0
) -> RawBatch:
    """Return records that arrived at one time, or each at its own."""
    rows = len(values)
    return RawBatch(
        list(values),
        np.full(rows, partition, np.int32),
        np.arange(100, 100 + rows, dtype=np.int64),
        np.broadcast_to(np.array(arrival_us, np.int64), rows).copy(),
    )


def outcome_of(value: bytes, given_rules: AdmissionRules) -> Outcome:
    """Return what becomes of one position that arrives now."""
    admitted = admit(decode_positions([value]), batch([value]), {0: NOW_US}, given_rules)
    return Outcome(int(admitted.columns.outcome[0]))


@pytest.mark.parametrize("clock", ["arrival", "event"])
@pytest.mark.parametrize(
    ("beyond_us", "outcome"), [(-MS, Outcome.ACCEPTED), (0, Outcome.ACCEPTED), (MS, Outcome.FUTURE)]
)
def test_a_position_may_be_a_minute_ahead_of_the_broker(clock: str, beyond_us: int, outcome: Outcome) -> None:
    """To the millisecond, and by the broker's time whatever the clock of arrivals."""
    assert outcome == outcome_of(record(NOW_US + FUTURE_US[Source.FMS] + beyond_us), rules(clock=clock))
    assert FUTURE_US[Source.FMS] == 60 * US_PER_S


@pytest.mark.parametrize(
    ("beyond_us", "outcome"), [(-MS, Outcome.ACCEPTED), (0, Outcome.ACCEPTED), (MS, Outcome.FUTURE)]
)
def test_a_detection_may_be_five_minutes_ahead_of_the_broker(beyond_us: int, outcome: Outcome) -> None:
    """To the millisecond."""
    value = passage(NOW_US + FUTURE_US[Source.ANPR] + beyond_us)

    admitted = admit(decode_detections([value]), batch([value]), {0: NOW_US}, rules())

    assert [outcome] == admitted.columns.outcome.tolist()
    assert FUTURE_US[Source.ANPR] == 300 * US_PER_S


@pytest.mark.parametrize(("beyond_us", "outcome"), [(0, Outcome.ACCEPTED), (MS, Outcome.TOO_LATE)])
def test_a_row_older_than_any_key_is_late_and_has_no_pseudonym(beyond_us: int, outcome: Outcome) -> None:
    """It is told by the difference of two times in the log, and no key is made for its day."""
    value = record(NOW_US - TOO_LATE_US - beyond_us)
    asked: list[int] = []
    given_rules = rules()

    def noting(day: int) -> DayKey:
        asked.append(day)
        return given_rules.day_key(day)

    admitted = admit(
        decode_positions([value]), batch([value]), {0: NOW_US}, given_rules._replace(day_key=noting)
    )

    assert [outcome] == admitted.columns.outcome.tolist()
    assert bool(beyond_us) == (admitted.columns.pseudonym_hi.tolist() == [0])
    assert [TODAY if beyond_us else TODAY - 8] == asked


def test_a_future_row_moves_no_event_clock() -> None:
    """Nor does one that cannot be read: their arrival is that of the newest row accepted before."""
    values = [record(NOW_US - 60 * US_PER_S), b"{", record(NOW_US + DAY_US), record(NOW_US - 90 * US_PER_S)]
    newest = {0: NOW_US - 100 * US_PER_S}

    admitted = admit(decode_positions(values), batch(values), newest, rules(clock="event"))

    assert [NOW_US - 60 * US_PER_S] * 4 == admitted.columns.arrival_us.tolist()
    assert {0: NOW_US - 60 * US_PER_S} == newest


def test_a_row_without_a_grant_moves_no_event_clock() -> None:
    """It is not accepted: the row after it arrives at its own time, and the clock is what a successor takes over."""
    values = [record(NOW_US - hours * HOUR_US) for hours in (10, 5, 9)]
    newest = {0: NOW_US - 11 * HOUR_US}

    admitted = admit(
        decode_positions(values),
        batch(values),
        newest,
        rules(clock="event"),
        granted=np.array([True, False, True]),
    )

    assert [NOW_US - hours * HOUR_US for hours in (10, 10, 9)] == admitted.columns.arrival_us.tolist()
    assert [Outcome.ACCEPTED] * 3 == admitted.columns.outcome.tolist()  # it is withheld once it has its way
    assert {0: NOW_US - 9 * HOUR_US} == newest


def test_a_row_of_a_destroyed_day_moves_no_event_clock() -> None:
    """Nor does it make others too late."""
    days = [10, 1, 9, 0, 9]
    values = [record(NOW_US - day * DAY_US) for day in days]
    newest = {0: NOW_US - 11 * DAY_US}

    admitted = admit(
        decode_positions(values), batch(values), newest, rules(clock="event", destroyed=[TODAY, TODAY - 1])
    )

    expected = [Outcome.ACCEPTED if day > 1 else Outcome.KEY_DESTROYED for day in days]
    assert expected == admitted.columns.outcome.tolist()
    assert [NOW_US - day * DAY_US for day in (10, 10, 9, 9, 9)] == admitted.columns.arrival_us.tolist()
    assert {0: NOW_US - 9 * DAY_US} == newest
    assert all(admitted.columns.pseudonym_lo[[0, 2, 4]])


def test_a_row_without_a_grant_is_not_late_before_the_event_clock_begins() -> None:
    """There is nothing yet that it could be late by; it is withheld, as it was when it came later."""
    values = [record(NOW_US - 100 * DAY_US)]
    newest = {0: NEVER_US}

    admitted = admit(
        decode_positions(values), batch(values), newest, rules(clock="event"), granted=np.array([False])
    )

    assert [Outcome.ACCEPTED] == admitted.columns.outcome.tolist()
    assert [NOW_US] == admitted.columns.arrival_us.tolist()
    assert {0: NEVER_US} == newest


def test_before_the_first_accepted_event_a_row_arrives_by_the_broker() -> None:
    """There is no event clock yet, and the row is only counted."""
    never = -(1 << 62)
    newest = {0: never}

    admitted = admit(decode_positions([b"{"]), batch([b"{"]), newest, rules(clock="event"))

    assert [NOW_US] == admitted.columns.arrival_us.tolist()
    assert {0: never} == newest


def test_rows_of_a_destroyed_day_are_rejected() -> None:
    """Without its key there is no pseudonym; the other days go on."""
    values = [record(NOW_US), record(NOW_US - DAY_US)]

    admitted = admit(decode_positions(values), batch(values), {0: NOW_US}, rules(destroyed=[TODAY - 1]))

    assert [Outcome.ACCEPTED, Outcome.KEY_DESTROYED] == admitted.columns.outcome.tolist()
    assert [1] == rejected_rows(admitted.columns).tolist()
    assert (0, 0) == (admitted.columns.pseudonym_hi[1], admitted.columns.pseudonym_lo[1])


def test_an_accepted_position_goes_by_its_pseudonym_over_the_partitions_of_its_day() -> None:
    """Tomorrow's day row has another count, which holds from local midnight on."""
    midnight_us = int(MIDNIGHTS_US[TODAY + 1])
    values = [record(midnight_us - MS, f"NL:{n}") for n in range(40)] + [
        record(midnight_us, f"NL:{n}") for n in range(40)
    ]

    admitted = admit(decode_positions(values), batch(values, arrival_us=midnight_us), {0: 0}, rules())

    hi = admitted.columns.pseudonym_hi
    assert (hi[:40] % PARTITIONS).tolist() == admitted.destination[:40].tolist()
    assert (hi[40:] % (PARTITIONS + 1)).tolist() == admitted.destination[40:].tolist()
    assert [TODAY] * 40 + [TODAY + 1] * 40 == admitted.columns.day.tolist()


def test_a_rejected_position_goes_by_its_source_partition() -> None:
    """Over the partitions of the day that the broker took it on, for it has no day of its own."""
    values = [b"{", None, record(NOW_US + DAY_US)]

    admitted = admit(decode_positions(values), batch(values, partition=12), {12: NOW_US}, rules())

    assert [12 % PARTITIONS] * 3 == admitted.destination.tolist()


def test_all_detections_go_to_partition_zero() -> None:
    """There the repeats of an observation id meet, whichever camera it came from."""
    values = [passage(NOW_US), b"{", passage(NOW_US + DAY_US)]

    admitted = admit(decode_detections(values), batch(values, partition=3), {3: NOW_US}, rules())

    assert isinstance(admitted.columns, DetectionColumns)
    assert [0, 0, 0] == admitted.destination.tolist()


texts = st.sampled_from(["NL:A", "NL:B", "NL:C", "DE:D"])
times_us = st.integers(-20 * DAY_US // MS, 2 * DAY_US // MS).map(lambda ms: NOW_US + ms * MS)
garbage = st.sampled_from([b"", b"{", b"[]", b"\xff", None, b"[1, 2]", b'{"vehicle":1}'])
arrays = st.lists(st.builds(record, times_us, texts), min_size=1, max_size=3).map(
    lambda rows: b"[" + b",".join(rows) + b"]"
)
values_of_any_kind = st.lists(
    st.one_of(st.builds(record, times_us, texts), arrays, garbage), min_size=1, max_size=12
)


@given(values_of_any_kind, st.data())
def test_a_row_goes_the_same_way_whatever_the_batches(
    values: list[bytes | None], data: st.DataObject
) -> None:
    """Identity, outcome and destination come from the record, its arrival and the day row alone."""
    cut = data.draw(st.integers(0, len(values)))
    arrival_us = [NOW_US + number * US_PER_S for number in range(len(values))]
    whole = batch(values, arrival_us=arrival_us)
    parts = [
        RawBatch(whole.values[part], whole.partition[part], whole.offset[part], whole.arrival_us[part])
        for part in (slice(cut), slice(cut, None))
    ]

    at_once = admit(decode_positions(values), whole, {0: 0}, rules(destroyed=[TODAY - 2]))
    one_by_one = [
        admit(decode_positions(part.values), part, {0: 0}, rules(destroyed=[TODAY - 2]))
        for part in parts
        if part.values
    ]

    assert rows_of(at_once) == [row for admitted in one_by_one for row in rows_of(admitted)]


@given(values_of_any_kind, st.data())
def test_the_event_clock_is_that_of_the_definition(values: list[bytes | None], data: st.DataObject) -> None:
    """Row by row: the largest event time of those that were accepted, whose key is there and that were granted."""
    decoded = decode_positions(values)
    rows = decoded.outcome.size
    granted = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    destroyed = data.draw(st.sets(st.integers(TODAY - 20, TODAY)))
    newest = {0: NEVER_US}
    asked: set[int] = set()
    given_rules = rules(clock="event", destroyed=sorted(destroyed))

    def noting(day: int) -> DayKey:
        asked.add(day)
        return given_rules.day_key(day)

    columns = admit(
        decoded,
        batch(values),
        newest,
        given_rules._replace(day_key=noting),
        granted=np.array(granted, np.bool_),
    ).columns

    clock_us = NEVER_US
    days = {TODAY}  # that the broker took rejected rows on
    for row in range(rows):
        event_us, outcome = int(decoded.event_us[row]), Outcome(int(decoded.outcome[row]))
        if outcome is Outcome.ACCEPTED and event_us > NOW_US + FUTURE_US[Source.FMS]:
            outcome = Outcome.FUTURE
        if outcome is Outcome.ACCEPTED and clock_us - event_us > TOO_LATE_US:
            outcome = Outcome.TOO_LATE
        if outcome is Outcome.ACCEPTED:
            day = day_of(event_us, MIDNIGHTS_US)
            days.add(day)
            outcome = Outcome.KEY_DESTROYED if day in destroyed else outcome
        if outcome is Outcome.ACCEPTED and granted[row]:
            clock_us = max(clock_us, event_us)
        assert (outcome, NOW_US if clock_us == NEVER_US else clock_us) == (
            Outcome(int(columns.outcome[row])),
            columns.arrival_us[row],
        )
    assert {0: clock_us} == newest
    assert asked <= days


@given(values_of_any_kind)
def test_every_record_is_heard_of(values: list[bytes | None]) -> None:
    """Each gives at least one row, and every row that was decoded is accepted, late or rejected."""
    decoded = decode_positions(values)

    admitted = admit(decoded, batch(values), {0: NOW_US}, rules(destroyed=[TODAY - 1]))

    assert decoded.outcome.size == admitted.columns.outcome.size
    assert set(range(100, 100 + len(values))) == set(admitted.columns.offset.tolist())
    assert set(admitted.columns.outcome.tolist()) <= set(Outcome)


def rows_of(admitted: Admitted) -> list[tuple[object, ...]]:
    """Return rows with their destinations; floats of rejected rows say nothing."""
    names = admitted.columns._fields
    kept = [
        np.asarray(column).tolist()
        for name, column in zip(names, admitted.columns, strict=True)
        if name not in {"lat", "lon"}
    ]
    return list(zip(*kept, admitted.destination.tolist(), strict=True))
