"""The oracle on raw records: read with the standard library, computed by `naive` in two processes."""

import json
import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from naive import (
    Cell,
    CellKey,
    DetectionRow,
    Figures,
    Geometry,
    NaivePositions,
    PositionRow,
    Registry,
    RowOutcome,
    Settings,
    run_detections,
)
from processors.simulation.city import SimulatedCity
from processors.vocabulary import Movement
from tests.faults.raw_topics import ANPR, FMS, RawRecord

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
US: Final = timedelta(microseconds=1)
PROCESSES: Final = 2
MOVEMENTS: Final = {Movement.IN: "in", Movement.OUT: "out", Movement.UNKNOWN: "unknown"}
EMISSION_OF_FUEL: Final = {"electricity": "yes", "diesel": "no", "petrol": "no"}


class Expected(NamedTuple):
    """What the database must hold."""

    cells: dict[str, dict[CellKey, Cell]]
    counts: dict[str, Counter[str]]  # by source, in the words of `feed_minute`
    open_visits: int
    minutes: Counter[tuple[str, int]]  # rows by source and minute of arrival


def geometries(city: SimulatedCity) -> dict[str, Geometry]:
    """Return the zones of a city."""
    return {zone.zone_id: zone.polygons for zone in city.zones}


def registry(city: SimulatedCity) -> Registry:
    """Return the cameras of a city."""
    return {
        str(camera.camera_id): [
            (
                zone.zone_id,
                {
                    "obverse": MOVEMENTS[zone.obverse],
                    "reverse": MOVEMENTS[zone.reverse],
                    "unknown": MOVEMENTS[zone.unknown],
                },
            )
            for zone in camera.zones
        ]
        for camera in city.cameras
    }


class OracleRows(NamedTuple):
    """Raw records as rows of the oracle, and what could not be one."""

    positions: list[PositionRow]
    detections: list[DetectionRow]
    rejected: Counter[str]  # by source
    minutes: Counter[tuple[str, int]]  # all rows, by source and minute of arrival


def rows_of(records: Iterable[RawRecord], broken: frozenset[bytes | None] = frozenset()) -> OracleRows:
    """Return the rows of raw records.

    Args:
        records: with their arrivals.
        broken: records that hold nothing readable.
    """
    found = OracleRows([], [], Counter(), Counter())
    for record in records:
        for index, row in enumerate(_rows(record, broken)):
            found.minutes[record.source, record.arrival_us // 60_000_000] += 1
            if row is None:
                found.rejected[record.source] += 1
            elif record.source == FMS:
                found.positions.append(_position(record, index, row))
            else:
                found.detections.append(_detection(record, index, row))
    return found


def expect(city: SimulatedCity, rows: OracleRows, settings: Settings, *, stream_us: int) -> Expected:
    """Return the figures of rows at a final stream time of both sources, with the arrival clock."""
    halves = _positions_in_processes(rows.positions, geometries(city), settings, stream_us)
    seen = run_detections(rows.detections, registry(city), settings, stream_us=stream_us)
    return expected_of(halves, seen, rows)


def expected_of(shares: Sequence[Figures], seen: Figures, rows: OracleRows) -> Expected:
    """Return what the database must hold.

    Args:
        shares: figures of positions, each of some of the vehicles.
        seen: figures of detections.
        rows: that they came from.
    """
    taken: Counter[RowOutcome] = Counter()
    for share in shares:
        taken.update(share.counts)
    counts = {FMS: _counts(taken, rows.rejected[FMS]), ANPR: _counts(seen.counts, rows.rejected[ANPR])}
    cells = merged([*(share.cells for share in shares), seen.cells])
    open_visits = sum(sum(share.open_visits.values()) for share in shares)
    return Expected(cells, counts, open_visits, rows.minutes)


def _rows(record: RawRecord, broken: frozenset[bytes | None]) -> Iterator[dict[str, Any] | None]:
    """Yield the rows of a record as the standard library reads them; None is a rejected one."""
    if record.value in broken or record.value is None:
        yield None
        return
    if record.source == ANPR:
        content = json.loads(record.value)["payload"]
    elif record.value.startswith(b"["):
        content = json.loads(record.value)
    else:
        content = [json.loads(line) for line in record.value.splitlines()]
    for row in content:
        yield None if "note" in row else row


def _position(record: RawRecord, index: int, row: dict[str, Any]) -> PositionRow:
    """Return a row of the oracle."""
    return PositionRow(
        partition=record.partition,
        offset=record.offset,
        index=index,
        arrival_us=record.arrival_us,
        event_us=row["time"] * 1_000 if isinstance(row["time"], int) else _time_us(row["time"]),
        vehicle=row["vehicle"],
        lat=row["lat"],
        lon=row["lon"],
        vehicle_class=row["class"],
        zero_emission="unknown" if row["class"] == "M1" else EMISSION_OF_FUEL[row["fuel"]],
    )


def _detection(record: RawRecord, index: int, row: dict[str, Any]) -> DetectionRow:
    """Return a row of the oracle; a camera tells neither class nor emission."""
    return DetectionRow(
        partition=record.partition,
        offset=record.offset,
        index=index,
        arrival_us=record.arrival_us,
        event_us=_time_us(row["event_time"]),
        vehicle=(row["plate_country"], row["plate_text"]),
        vehicle_class="unknown",
        zero_emission="unknown",
        camera=row["camera_id"],
        observation_id=row["observation_id"],
        direction=row.get("detection_direction", "unknown"),
        confidence=row["read_confidence"],
    )


def _time_us(text: str) -> int:
    """Return an RFC 3339 time in microseconds since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // US


def _positions_in_processes(
    rows: list[PositionRow], zones: Mapping[str, Geometry], settings: Settings, stream_us: int
) -> list[Figures]:
    """Return the figures of the vehicles of each process: vehicles have nothing to do with each other."""
    shares: list[list[PositionRow]] = [[] for _ in range(PROCESSES)]
    number: dict[object, int] = {}
    for row in rows:
        shares[number.setdefault(row.vehicle, len(number)) % PROCESSES].append(row)
    # spawned: this process has threads of clients
    with ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("spawn")) as pool:
        answers = [pool.submit(_positions, share, dict(zones), settings, stream_us) for share in shares]
        return [answer.result() for answer in answers]


def _positions(
    rows: list[PositionRow], zones: Mapping[str, Geometry], settings: Settings, stream_us: int
) -> Figures:
    """Return the figures of some vehicles, without the outcome of each row, which nobody asks for."""
    oracle = NaivePositions(settings, zones)
    oracle.add(rows)
    oracle.advance(stream_us)
    figures = oracle.figures()
    return Figures(figures.cells, dict(enumerate(figures.outcomes.values())), figures.open_visits)  # type: ignore[arg-type]  # keys are not looked at


def _counts(outcomes: Mapping[RowOutcome, int], rejected: int) -> Counter[str]:
    """Return outcomes in the words of the feed counts."""
    names = {
        RowOutcome.TAKEN: "taken",
        RowOutcome.LATE: "late",
        RowOutcome.OUT_OF_ORDER: "out_of_order",
        RowOutcome.DUPLICATE: "duplicates",
        RowOutcome.LOW_CONFIDENCE: "low_confidence",
    }
    counts = Counter({name: outcomes.get(outcome, 0) for outcome, name in names.items()})
    unregistered = outcomes.get(RowOutcome.UNREGISTERED_CAMERA, 0)
    counts["accepted"] = sum(outcomes.values()) - unregistered
    counts["rejected"] = rejected + unregistered
    return counts


def merged(parts: list[dict[str, dict[CellKey, Cell]]]) -> dict[str, dict[CellKey, Cell]]:
    """Return cells of several shares as sums."""
    merged: dict[str, dict[CellKey, Cell]] = {}
    for part in parts:
        for grain, cells in part.items():
            into = merged.setdefault(grain, {})
            for key, cell in cells.items():
                known = into.get(key)
                into[key] = (
                    cell if known is None else {name: known[name] + amount for name, amount in cell.items()}
                )
    return merged
