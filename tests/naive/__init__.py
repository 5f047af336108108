"""The oracle: the figures of semantics.md computed slowly and obviously, in plain Python.

Nothing here shares code with what it checks: rows are objects, state is dictionaries, every edge of a zone is
tested. Only the names of the figures come from `processors`. Tests feed the same rows to both and compare
cell by cell.

    positions = NaivePositions(Settings(), {"zone": geometry})
    positions.add(rows)            # decoded rows whose arrival is known
    positions.advance(stream_us)   # takes what is due, then proves silence and midnight
    positions.figures().cells["slot"]["zone", slot_start_us, "N1", "no", "fms"]["entries"]

Zone ids, vehicles, classes and emissions are opaque: strings and integer codes both do.
"""

from naive.buckets import GRAINS, bucket_end, bucket_of, local_day, midnight_us
from naive.detections import CameraKey, NaiveDetections, Registry, VisitorKey, run_detections
from naive.figures import CarrierKey, Cell, CellKey, Figures, Identity, RowOutcome
from naive.geometry import Geometry, contains, crosses, crosses_zone, distance_um, inside
from naive.positions import NaivePositions, run_positions
from naive.rows import DetectionRow, PositionRow, event_arrivals, event_stream
from naive.settings import Settings

__all__ = [
    "GRAINS",
    "CameraKey",
    "CarrierKey",
    "Cell",
    "CellKey",
    "DetectionRow",
    "Figures",
    "Geometry",
    "Identity",
    "NaiveDetections",
    "NaivePositions",
    "PositionRow",
    "Registry",
    "RowOutcome",
    "Settings",
    "VisitorKey",
    "bucket_end",
    "bucket_of",
    "contains",
    "crosses",
    "crosses_zone",
    "distance_um",
    "event_arrivals",
    "event_stream",
    "inside",
    "local_day",
    "midnight_us",
    "run_detections",
    "run_positions",
]
