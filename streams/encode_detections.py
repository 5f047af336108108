"""Writing simulated detections as VESDI v2 envelopes."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from processors.camera_feature import CameraFeature
from processors.simulation.columns import SimulatedDetections
from streams.encode_positions import plate_of

SCHEMA_VERSION: Final = "anpr-2.0.0"
DIRECTIONS: Final = (',"detection_direction":"obverse"', ',"detection_direction":"reverse"', "")
"""What an observation says of its direction, by Direction code."""

_HEAD: Final = f'{{"message_type":"anpr_observation_batch","schema_version":"{SCHEMA_VERSION}","payload":['


def encode_detections(
    rows: SimulatedDetections, cameras: Sequence[CameraFeature], *, batch: int = 1
) -> list[bytes]:
    """Return envelopes of at most *batch* observations each, in the order of the rows."""
    camera_ids = [str(camera.camera_id) for camera in cameras]
    times = np.datetime_as_string((rows.event_us // 1_000).astype("M8[ms]"), unit="ms")
    observations = [
        f'{{"observation_id":"{_uuid(high, low)}","camera_id":"{camera_ids[camera]}","event_time":"{time}Z",'
        f'"plate_country":"NL","plate_text":"{plate_of(vehicle).replace("-", "")}",'
        f'"read_confidence":{confidence:.2f}{DIRECTIONS[direction]},"lane":{lane}}}'
        for high, low, camera, time, vehicle, confidence, direction, lane in zip(
            rows.observation_hi.tolist(),
            rows.observation_lo.tolist(),
            rows.camera.tolist(),
            times.tolist(),
            rows.vehicle.tolist(),
            rows.confidence.tolist(),
            rows.direction.tolist(),
            rows.lane.tolist(),
            strict=True,
        )
    ]
    return [
        f"{_HEAD}{','.join(observations[start : start + batch])}]}}".encode()
        for start in range(0, len(observations), batch)
    ]


def _uuid(high: int, low: int) -> str:
    """Return the text of a UUID from its halves."""
    digits = f"{high:016x}{low:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
