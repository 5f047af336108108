"""What the detections topic tells of cameras goes to the registry before the detections beside it are sent.

Suppliers register and update their cameras by messages. Amsterdam passages describe their camera each time, which
registers a camera that nobody knows yet and changes none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import structlog

from duls.errors import InvalidInputError
from processors.camera_rows import CameraRow, camera_rows
from processors.columns import DecodedDetections
from processors.vocabulary import Outcome
from streams.decode.documents import documents_of
from streams.decode.passage_rules import PassageCamera, camera_of_passage

MOST_REMEMBERED: Final = 100_000
_HALF_BITS: Final = 64

log = structlog.get_logger()

Register = Callable[[Sequence[CameraRow]], Iterable[int]]
"""Changes the registry by rows, and returns the ids of all cameras that are in it then."""


class CameraTeller:
    """Tells the registry of cameras; remembers which ones need no word any more."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._remembered: set[int] = set()

    def tell(self, values: Sequence[bytes | None], decoded: DecodedDetections) -> None:
        """Tell what the records of a batch say of cameras.

        Raises:
            ServiceAwayError: the registry does not answer; the records are read again.
        """
        told = np.unique(decoded.record[decoded.outcome == Outcome.REGISTERED]).tolist()
        rows = [row for record in told for row in _rows_of_message(values[record] or b"")]
        rows += self._strangers(values, decoded)
        if rows:
            self._remember(self._register(rows))

    def _strangers(self, values: Sequence[bytes | None], decoded: DecodedDetections) -> list[CameraRow]:
        """Return rows for the cameras of passages that were not met before."""
        accepted = np.flatnonzero(decoded.outcome == Outcome.ACCEPTED)
        ids = np.stack((decoded.camera_hi[accepted], decoded.camera_lo[accepted]), axis=1)
        cameras, firsts = np.unique(ids, axis=0, return_index=True)
        rows = []
        for (high, low), first in zip(cameras.tolist(), firsts.tolist(), strict=True):
            camera = (high << _HALF_BITS) | low
            if camera in self._remembered:
                continue
            value = values[int(decoded.record[accepted[first]])] or b""
            rows += [_row_of(described) for described in _described(value) if described.camera == camera][:1]
            self._remember([camera])
        return rows

    def _remember(self, cameras: Iterable[int]) -> None:
        """Remember cameras; a registry is far smaller than what can be remembered."""
        if len(self._remembered) > MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered.update(cameras)


def _rows_of_message(value: bytes) -> list[CameraRow]:
    """Return the cameras of messages; each is the newest word on its camera, whatever it calls itself."""
    try:
        rows = camera_rows(value)
    except InvalidInputError as error:
        log.warning("a message about cameras cannot be read", reason=str(error))
        return []
    return [row._replace(is_update=True) for row in rows if row.defect is None]


def _described(value: bytes) -> Iterator[PassageCamera]:
    """Yield the cameras that the passages of a record describe."""
    for document in documents_of(value):
        contents = document.content if isinstance(document.content, list) else [document.content]
        for content in contents:
            camera = camera_of_passage(content) if isinstance(content, dict) else None
            if camera is not None:
                yield camera


def _row_of(camera: PassageCamera) -> CameraRow:
    """Return a described camera as a row that only a new camera takes anything from."""
    digits = f"{camera.camera:032x}"
    return CameraRow(
        0,
        camera_id=f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}",
        name=camera.name,
        lat=camera.lat,
        lon=camera.lon,
        azimuth_deg=camera.azimuth_deg,
        is_message=True,
    )
