"""Cameras that the detections topic tells of become a version of the registry, which the log announces."""

from collections.abc import Iterable, Sequence

import structlog

from duls.app.announcing import announcement, send_outbox
from duls.config import Settings
from processors.camera_feature import CameraFeature
from processors.camera_file import merge_cameras
from processors.camera_rows import CameraRow
from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.lasting_connection import LastingConnection, Tell
from sinks.patience import Patience
from sinks.registry import change_cameras, installation_id, latest_versions, load_cameras

log = structlog.get_logger()


class CameraFeed:
    """The camera registry as an intake process changes it.

    Args:
        settings: of the process.
        partitions: number of observation partitions.
        patience: how long each change goes on trying while the database is away.
        tell: called after each attempt with whether the database answered.
    """

    def __init__(self, settings: Settings, *, partitions: int, patience: Patience, tell: Tell) -> None:
        self._settings = settings
        self._partitions = partitions
        self._database = LastingConnection(
            settings.database_url, application_name="duls cameras", patience=patience, tell=tell
        )

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def register(self, rows: Sequence[CameraRow]) -> list[str]:
        """Change the registry by rows and announce it; return the ids of all cameras that are in it then.

        Doing it again changes nothing.

        Raises:
            ServiceAwayError: the database or the broker does not answer.
        """
        return self._database.run("register cameras", lambda connection: self._register(connection, rows))

    def _register(self, connection: Connection, rows: Sequence[CameraRow]) -> list[str]:
        before = latest_versions(connection).cameras
        refused: list[str] = []

        def change(zones: Sequence[ZoneFeature], known: Sequence[CameraFeature]) -> Sequence[CameraFeature]:
            """Return the cameras as they are after the rows."""
            merged = merge_cameras(_news(rows, known), zones, known)
            refused[:] = [report.message for report in merged.reports if report.action == "refused"]
            return merged.features

        announce = announcement("cameras", installation_id(connection), self._partitions)
        version = change_cameras(connection, change, announce)
        if version != before:
            send_outbox(connection, self._settings)
            log.info("cameras were told of", version=version, cameras=len(rows), refused=len(refused))
        if refused:
            # why is not logged: it quotes what a sender wrote, and that may be a plate
            log.warning("cameras were refused", cameras=len(refused))
        return [str(camera.camera_id) for camera in load_cameras(connection, version)] if version else []


def _news(rows: Iterable[CameraRow], known: Iterable[CameraFeature]) -> list[CameraRow]:
    """Return the rows that may change something: a camera that only a passage describes must be a new one."""
    ids = {str(camera.camera_id) for camera in known}
    return [row for row in rows if row.is_update or row.camera_id not in ids]
