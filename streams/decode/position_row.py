"""What a reader of positions decides for one row."""

from typing import Final, NamedTuple

from processors.carrier_names import NOBODY
from processors.vocabulary import Outcome, VehicleClass, ZeroEmission


class PositionRow(NamedTuple):
    """One row of `DecodedPositions`; all but `outcome` have these defaults in a rejected row."""

    outcome: Outcome
    event_us: int = 0
    lat: float = 0.0
    lon: float = 0.0
    vehicle_class: VehicleClass = VehicleClass.UNKNOWN
    zero_emission: ZeroEmission = ZeroEmission.UNKNOWN
    plate: int = 0
    carrier: int = NOBODY
    identity: bytes = b""


_REJECTED: Final = {outcome: PositionRow(outcome) for outcome in Outcome}


def rejected_position(outcome: Outcome) -> PositionRow:
    """Return the row of what was rejected: the same one each time, since a record may have half a million."""
    return _REJECTED[outcome]
