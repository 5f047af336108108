"""`duls zones load` and `duls cameras load`: a file becomes a version that the log announces."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from duls.app.announcing import Announcement, announcement, send_outbox
from duls.config import Settings
from duls.errors import InvalidInputError
from processors.camera_file import read_cameras
from processors.camera_overrides import read_overrides
from processors.zone_file import read_zones
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.registry import (
    change_cameras,
    installation_id,
    latest_versions,
    load_zones,
    store_cameras,
    store_zones,
    zone_numbers,
)
from streams.clients import make_admin
from streams.topics import OBSERVATIONS_TOPIC, describe_topic


class FeatureReport(NamedTuple):
    """What was done about one feature or row of the file."""

    place: int  # in the file, from 0
    name: str | None  # id of the zone or camera, as given
    action: str  # repaired, defaulted or refused
    message: str


class LoadReport(NamedTuple):
    """What became of a file."""

    version: int
    is_new: bool  # False: the file says what the newest version says
    loaded: int
    features: list[FeatureReport]

    @property
    def refused(self) -> int:
        """Return how many features or rows were refused."""
        return sum(feature.action == "refused" for feature in self.features)


class _Remark(Protocol):
    """A report of a file reader."""

    @property
    def feature_index(self) -> int:
        """Return the place in the file."""

    @property
    def action(self) -> str:
        """Return what was done."""

    @property
    def message(self) -> str:
        """Return why."""


def load_zone_file(settings: Settings, path: Path) -> LoadReport:
    """Make the zones of a GeoJSON file the zones of the city, all others gone.

    Raises:
        InvalidInputError: the file cannot be read, or holds no usable zone.
        ServiceAwayError: the broker or the database does not answer.
    """
    file = read_zones(_bytes(path))
    reports = [_report(remark, remark.zone_id) for remark in file.reports]
    _refuse_empty(path, "zone", file.features, reports)
    return _stored(
        settings,
        "zones",
        reports,
        len(file.features),
        lambda connection, announce: store_zones(connection, file.features, announce),
    )


def load_camera_file(settings: Settings, path: Path) -> LoadReport:
    """Make the cameras of a file the camera registry, all others gone.

    Raises:
        InvalidInputError: the file cannot be read, or holds no usable camera.
        ServiceAwayError: the broker or the database does not answer.
    """
    document = _bytes(path)
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name="duls load") as connection:
        version = latest_versions(connection).zones
        zones = [stored.feature for stored in load_zones(connection, version)] if version else []
    file = read_cameras(document, zones)
    reports = [_report(remark, remark.camera_id) for remark in file.reports]
    _refuse_empty(path, "camera", file.features, reports)
    return _stored(
        settings,
        "cameras",
        reports,
        len(file.features),
        lambda connection, announce: store_cameras(connection, file.features, announce),
    )


def load_override_file(settings: Settings, path: Path) -> LoadReport:
    """Make the table of a file the steward's word on cameras, all before it gone.

    Raises:
        InvalidInputError: the file cannot be read, or a line of it is wrong.
        ServiceAwayError: the broker or the database does not answer.
    """
    document = _bytes(path)
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name="duls load") as connection:
        overrides = read_overrides(document, zone_numbers(connection))
    return _stored(
        settings,
        "cameras",
        [],
        len(overrides),
        lambda connection, announce: change_cameras(
            connection, lambda _zones, known: known, announce, overrides=overrides
        ),
    )


def _stored(
    settings: Settings,
    kind: str,
    reports: list[FeatureReport],
    loaded: int,
    store: Callable[[Connection, Announcement], int],
) -> LoadReport:
    """Store a version and tell the log of it."""
    require_current(settings.database_url)
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    partitions = describe_topic(admin, OBSERVATIONS_TOPIC).partitions
    with open_connection(settings.database_url, application_name="duls load") as connection:
        before: int = getattr(latest_versions(connection), kind)
        version = store(connection, announcement(kind, installation_id(connection), partitions))
        send_outbox(connection, settings)
    return LoadReport(version, version > before, loaded, reports)


def _bytes(path: Path) -> bytes:
    """Return the content of a file."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(message) from error


def _report(remark: _Remark, name: str | None) -> FeatureReport:
    """Return the report of a file reader as ours."""
    return FeatureReport(remark.feature_index, name, remark.action, remark.message)


def _refuse_empty(path: Path, what: str, usable: Sequence[object], reports: Sequence[FeatureReport]) -> None:
    """Refuse a file without anything usable: loading it would empty the city."""
    if not usable:
        first = f"; the first: {reports[0].message}" if reports else ""
        message = f"{path} holds no usable {what} ({len(reports)} refused{first})"
        raise InvalidInputError(message)
