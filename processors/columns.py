"""The shapes of data between stages, each declared once: name, type, unit, meaning.

    raw bytes → DecodedPositions / DecodedDetections → PositionColumns / DetectionColumns → FlowDelta → rows

All arrays of one value have the same length, one entry per row, except the identity bytes of decoded columns.
"""

from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]
Int32Array = NDArray[np.int32]
Int16Array = NDArray[np.int16]
UInt64Array = NDArray[np.uint64]
UInt32Array = NDArray[np.uint32]
UInt16Array = NDArray[np.uint16]
UInt8Array = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
Float64Array = NDArray[np.float64]
Float32Array = NDArray[np.float32]


class DecodedPositions(NamedTuple):
    """Positions of one batch of records as decoded, before validation of time; lives for one batch only.

    Rows stand in the order of (record, index). A rejected row has its reason in `outcome`, and its other
    fields are unspecified but finite. A registered row says what its identity, the reference by which positions
    name a vehicle, stands for: class, emission and perhaps a plate.
    """

    record: Int32Array  # index of the record in the batch
    index: Int32Array  # type: ignore[assignment]  # place of the row within its record, from 0; tuple.index is not used
    outcome: UInt8Array  # Outcome code
    event_us: Int64Array  # event time, microseconds since 1970 UTC
    lat: Float64Array  # degrees WGS84
    lon: Float64Array  # degrees WGS84
    vehicle_class: UInt8Array  # VehicleClass code
    zero_emission: UInt8Array  # ZeroEmission code
    plate: Int64Array  # key of the plate (see `processors.identity`), 0 where there is none
    carrier: UInt64Array  # digest of the carrier that the sender names (see `processors.carrier_names`), 0 for none
    identity_start: Int64Array  # first byte of the normalised identity in `identity`
    identity_length: Int32Array  # its bytes
    identity: UInt8Array  # normalised `kind:country:id` of all rows, UTF-8, one after another

    def __repr__(self) -> str:
        """Return how much there is, never what it says: identities are plates."""
        return f"DecodedPositions({self.outcome.size} rows)"


class DecodedDetections(NamedTuple):
    """Detections of one batch of records as decoded; lives for one batch only. Ordered as positions are."""

    record: Int32Array  # index of the record in the batch
    index: Int32Array  # type: ignore[assignment]  # place of the row within its record, from 0; tuple.index is not used
    outcome: UInt8Array  # Outcome code
    event_us: Int64Array  # event time, microseconds since 1970 UTC
    vehicle_class: UInt8Array  # VehicleClass code
    zero_emission: UInt8Array  # ZeroEmission code
    camera_hi: UInt64Array  # camera id (UUID), upper half
    camera_lo: UInt64Array  # camera id, lower half
    observation_hi: UInt64Array  # observation id (UUID), upper half
    observation_lo: UInt64Array  # observation id, lower half
    direction: UInt8Array  # Direction code
    confidence: Float64Array  # read confidence in [0, 1]; 1 where the sender gives none
    plate: Int64Array  # as in DecodedPositions
    time_reading: UInt8Array  # how a local time without an offset was read, 0 where there was no doubt
    identity_start: Int64Array  # as in DecodedPositions
    identity_length: Int32Array
    identity: UInt8Array

    def __repr__(self) -> str:
        """Return how much there is, never what it says: identities are plates."""
        return f"DecodedDetections({self.outcome.size} rows)"


class PositionColumns(NamedTuple):
    """Observations of positions: validated, pseudonymised, each row naming its source."""

    partition: Int32Array  # source partition
    offset: Int64Array  # offset of the record in the source partition
    index: Int32Array  # type: ignore[assignment]  # place of the row within its record; tuple.index is not used
    arrival_us: Int64Array  # arrival: monotonic broker time, or the event clock
    outcome: UInt8Array  # Outcome code
    event_us: Int64Array  # event time, microseconds since 1970 UTC
    day: Int32Array  # local day (Europe/Amsterdam) of the event, days since 1970-01-01
    pseudonym_hi: UInt64Array  # first 8 bytes of the pseudonym, big-endian
    pseudonym_lo: UInt64Array  # next 8 bytes
    lat: Float64Array  # degrees WGS84
    lon: Float64Array  # degrees WGS84
    vehicle_class: UInt8Array  # VehicleClass code
    zero_emission: UInt8Array  # ZeroEmission code
    traits: UInt32Array  # what registers know beside, generalised (see `processors.vehicle_traits`)
    carrier: UInt32Array  # pseudonym of the carrier on that day, 0 where the sender names none


class DetectionColumns(NamedTuple):
    """Observations of detections: validated, pseudonymised, each row naming its source."""

    partition: Int32Array
    offset: Int64Array
    index: Int32Array  # type: ignore[assignment]  # place of the row within its record; tuple.index is not used
    arrival_us: Int64Array
    outcome: UInt8Array
    event_us: Int64Array
    day: Int32Array
    pseudonym_hi: UInt64Array
    pseudonym_lo: UInt64Array
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    camera_hi: UInt64Array  # camera id (UUID), upper half
    camera_lo: UInt64Array
    observation_hi: UInt64Array  # observation id (UUID), upper half
    observation_lo: UInt64Array
    direction: UInt8Array  # Direction code
    confidence: Float64Array  # read confidence in [0, 1]
    traits: UInt32Array  # as in PositionColumns
    visitor: UInt64Array  # pseudonym of the vehicle in its local month, 0 where months have no keys


Columns = TypeVar("Columns", bound=PositionColumns | DetectionColumns)


def rows_of(columns: Columns, rows: NDArray[Any]) -> Columns:
    """Return the rows chosen by a mask or by places, in that order."""
    return type(columns)(*(column[rows] for column in columns))


FIGURES = (
    "observations",
    "vehicles",
    "entries",
    "exits",
    "appearances",
    "disappearances",
    "dwell_us",
    "visits",
    "visit_us",
    "stops",
    "stop_us",
    "distance_um",
    "through",
    "late",
)
"""Figures of a flow cell in column order; times in microseconds, distances in micrometres."""


class FlowDelta(NamedTuple):
    """What to add to flow cells of one grain, sorted by its key columns, each key once."""

    zone_no: Int32Array  # number of the zone in core.zone
    bucket: Int64Array  # slot or hour start in microseconds since 1970 UTC, or local day since 1970-01-01
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    source: UInt8Array  # Source code
    figures: Int64Array  # shape (rows, len(FIGURES)), in the order of FIGURES


class CarrierDelta(NamedTuple):
    """Vehicles to add by carrier to flow cells of one grain, each key once and in order."""

    zone_no: Int32Array
    bucket: Int64Array  # start of the UTC hour in microseconds, or the local day in days since 1970
    vehicle_class: UInt8Array
    zero_emission: UInt8Array
    carrier: UInt32Array
    vehicles: Int64Array


class VisitorDelta(NamedTuple):
    """On which days vehicles came, sorted by the first three columns, each key once."""

    month: Int32Array  # first local day of the month, days since 1970-01-01
    zone_no: Int32Array
    visitor: UInt64Array  # pseudonym of the month
    days: Int32Array  # bit 0 is the first day of the month
    at_home: BoolArray  # whether the plate is Dutch; this and what follows as first counted
    branch: UInt8Array  # as in `processors.vehicle_traits.Holder`
    company_size: UInt8Array
