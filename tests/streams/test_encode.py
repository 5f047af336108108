"""Encoding simulated columns: what the decoder reads is what the city said."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

from duls.local_midnights import local_midnights
from processors.simulation.city import SimulatedCity
from processors.simulation.columns import SimulatedDetections, SimulatedPositions
from processors.simulation.detections import detections
from processors.simulation.noise import POISON
from processors.simulation.positions import positions
from processors.vocabulary import FIRST_REJECTION, Direction, Outcome, VehicleClass
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions
from streams.encode_detections import encode_detections
from streams.encode_positions import MAX_VEHICLES, encode_positions, pack_arrays, pack_lines, plate_of

START_US = 1_795_503_600_000_000  # 2026-11-24T07:00:00Z


@pytest.fixture(scope="module")
def city() -> SimulatedCity:
    """Return a small city."""
    return SimulatedCity.build(3, vehicles=60, midnights_us=local_midnights())


@pytest.fixture(scope="module")
def rows(city: SimulatedCity) -> SimulatedPositions:
    """Return some minutes of positions."""
    batches = positions(city, START_US, START_US + 300_000_000, 10.0, window_s=60.0)
    return SimulatedPositions._make(np.concatenate(column) for column in zip(*batches, strict=True))


@pytest.fixture(scope="module")
def seen(city: SimulatedCity) -> SimulatedDetections:
    """Return some hours of detections."""
    batches = detections(city, START_US, START_US + 4 * 3_600_000_000, window_s=60.0)
    return SimulatedDetections._make(np.concatenate(column) for column in zip(*batches, strict=True))


@pytest.mark.parametrize("packing", ["single", "array", "lines"])
def test_positions_are_decoded_as_they_were(rows: SimulatedPositions, packing: str) -> None:
    """Time, place and class survive to the last bit, in every packing."""
    records = encode_positions(rows)
    packed = {"single": records, "array": pack_arrays(records, 7), "lines": pack_lines(records, 7)}[packing]

    decoded = decode_positions(packed)

    assert rows.vehicle.size > 100
    assert (decoded.outcome == Outcome.ACCEPTED).all()
    np.testing.assert_array_equal(rows.event_us, decoded.event_us)
    np.testing.assert_array_equal(rows.lat, decoded.lat)
    np.testing.assert_array_equal(rows.lon, decoded.lon)
    np.testing.assert_array_equal(rows.vehicle_class, decoded.vehicle_class)


def test_positions_are_the_canonical_json_of_the_contract(rows: SimulatedPositions) -> None:
    """Every field is there, under its name and in its type."""
    record = json.loads(encode_positions(rows)[0])

    assert record["vehicle"] == f"NL:{plate_of(int(rows.vehicle[0]))}"
    assert record["speed_kmh"] == pytest.approx(float(rows.speed_kmh[0]), abs=1e-4)
    assert list(record) == [
        "vehicle",
        "time",
        "lat",
        "lon",
        "speed_kmh",
        "heading_deg",
        "class",
        "fuel",
        "emission",
        "carrier",
    ]


@pytest.mark.parametrize("day", ["1970-01-01", "1999-12-31", "2000-02-29", "2027-03-01", "2100-02-28"])
def test_times_of_all_calendars_are_written_right(rows: SimulatedPositions, day: str) -> None:
    """Leap days, centuries and ends of years."""
    time = datetime.fromisoformat(f"{day}T23:59:58.007").replace(tzinfo=UTC)
    one = SimulatedPositions._make(column[:1] for column in rows)
    event_us = np.array([round(time.timestamp() * 1_000) * 1_000])

    record = json.loads(encode_positions(one._replace(event_us=event_us))[0])

    assert record["time"] == f"{day}T23:59:58.007Z"


def test_places_south_and_west_have_their_sign(rows: SimulatedPositions) -> None:
    """A minus also stands before a zero."""
    one = SimulatedPositions._make(column[:1] for column in rows)

    record = encode_positions(one._replace(lat=np.array([-0.5]), lon=np.array([-70.000001])))[0]

    assert b'"lat":-0.500000,"lon":-70.000001' in record


def test_nothing_is_encoded_as_nothing(rows: SimulatedPositions) -> None:
    """An empty batch gives no records."""
    assert encode_positions(SimulatedPositions._make(column[:0] for column in rows)) == []


def test_plates_are_unique_and_look_like_plates() -> None:
    """Neighbouring vehicles have different plates, also where the form changes."""
    numbers = [*range(20_000), *range(7_999_000, 8_001_000), MAX_VEHICLES - 1]

    plates = {plate_of(number) for number in numbers}

    assert len(plates) == len(numbers)
    assert all(len(plate) == 8 and plate.count("-") == 2 for plate in plates)


@pytest.mark.parametrize("batch", [1, 5])
def test_detections_are_decoded_as_they_were(
    city: SimulatedCity, seen: SimulatedDetections, batch: int
) -> None:
    """Time, camera, direction, confidence and ids survive."""
    decoded = decode_detections(encode_detections(seen, city.cameras, batch=batch))

    halves = [divmod(city.cameras[number].camera_id.int, 1 << 64) for number in seen.camera]
    assert seen.vehicle.size > 10
    assert (decoded.outcome == Outcome.ACCEPTED).all()
    np.testing.assert_array_equal(seen.event_us, decoded.event_us)
    np.testing.assert_array_equal(seen.direction, decoded.direction)
    np.testing.assert_array_equal(seen.confidence, decoded.confidence)
    np.testing.assert_array_equal(seen.observation_hi, decoded.observation_hi)
    np.testing.assert_array_equal(seen.observation_lo, decoded.observation_lo)
    assert halves == list(zip(decoded.camera_hi.tolist(), decoded.camera_lo.tolist(), strict=True))
    assert set(seen.direction.tolist()) <= {Direction.OBVERSE, Direction.REVERSE, Direction.UNKNOWN}


def test_a_vehicle_has_one_identity_in_both_sources(city: SimulatedCity, seen: SimulatedDetections) -> None:
    """The plate of a detection is normalised to that of the position."""
    one = SimulatedDetections._make(column[:1] for column in seen)
    count = np.zeros(1, np.int16)
    position = SimulatedPositions(
        vehicle=one.vehicle,
        event_us=one.event_us,
        lat=np.array([52.0]),
        lon=np.array([5.0]),
        speed_kmh=count.astype(np.float32),
        heading_deg=count,
        vehicle_class=np.array([VehicleClass.N1], np.uint8),
        fuel=count.astype(np.uint8),
        emission=count.astype(np.uint8),
    )

    of_position = decode_positions(encode_positions(position)).identity
    of_detection = decode_detections(encode_detections(one, city.cameras)).identity

    assert of_position.tobytes() == of_detection.tobytes()


def test_poison_is_rejected_with_a_reason() -> None:
    """No record of noise is ever accepted."""
    assert (decode_positions(POISON).outcome >= FIRST_REJECTION).all()
