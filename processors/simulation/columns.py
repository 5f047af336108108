"""What the simulated city sends, as columns; one entry per row."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.columns import Float32Array, Float64Array, Int32Array, Int64Array, UInt8Array, UInt64Array


class SimulatedPositions(NamedTuple):
    """Positions in order of event time: whole milliseconds, millionths of a degree, as they are encoded."""

    vehicle: Int32Array  # number of the vehicle, from 0
    event_us: Int64Array  # microseconds since 1970 UTC
    lat: Float64Array  # degrees WGS84
    lon: Float64Array  # degrees WGS84
    speed_kmh: Float32Array  # in tenths
    heading_deg: NDArray[np.int16]  # clockwise from north, 0 to 359
    vehicle_class: UInt8Array  # VehicleClass code
    fuel: UInt8Array  # index in FUELS
    emission: UInt8Array  # index in EMISSIONS


class SimulatedDetections(NamedTuple):
    """Detections in order of event time."""

    vehicle: Int32Array  # number of the vehicle, from 0
    event_us: Int64Array  # microseconds since 1970 UTC, whole milliseconds
    camera: Int32Array  # number of the camera in the city, from 0
    direction: UInt8Array  # Direction code
    confidence: Float64Array  # read confidence in hundredths
    lane: UInt8Array  # from 1
    vehicle_class: UInt8Array  # VehicleClass code
    fuel: UInt8Array  # index in FUELS
    observation_hi: UInt64Array  # observation id (UUID), upper half
    observation_lo: UInt64Array  # observation id, lower half
