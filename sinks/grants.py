"""Grants of carriers in the database: written down, revoked, never removed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from duls.errors import InvalidInputError
from processors.grants import GrantBook, grants_by_number
from processors.zone_index_build import IndexedZone
from sinks.connection import Connection
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.patience import Patience
from sinks.queries import query
from sinks.registry import latest_versions, load_zones, zone_numbers

Row = tuple[str, Sequence[str] | None, int, int | None]


class NewGrant(NamedTuple):
    """A grant to write down."""

    grant_id: UUID
    carrier: str
    purpose: str
    zone_ids: list[str] | None  # None: everywhere
    valid_from: datetime
    valid_until: datetime | None
    granted_by: str
    note: str | None


class StoredGrant(NamedTuple):
    """A grant as it stands."""

    grant_id: UUID
    carrier: str
    purpose: str
    zone_ids: list[str] | None
    valid_from: datetime
    valid_until: datetime | None
    granted_at: datetime
    granted_by: str
    note: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_note: str | None


def add_grant(connection: Connection, grant: NewGrant) -> StoredGrant:
    """Write a grant down and return it.

    Raises:
        InvalidInputError: it names a zone that was never loaded.
    """
    with connection.transaction():
        if grant.zone_ids is not None:
            unknown = connection.execute(
                query("grants", "unknown_zones"), {"zone_ids": grant.zone_ids}
            ).fetchall()
            if unknown:
                message = f"zones that were never loaded: {', '.join(row[0] for row in unknown[:10])}"
                raise InvalidInputError(message)
        connection.execute(query("grants", "add"), grant._asdict())
        return _one(connection, grant.grant_id)


def revoke_grant(connection: Connection, grant_id: UUID, *, by: str, note: str | None) -> StoredGrant:
    """Revoke a grant and return it; one that is revoked stays as it is.

    Raises:
        InvalidInputError: there is no such grant.
    """
    with connection.transaction():
        connection.execute(query("grants", "revoke"), {"grant_id": grant_id, "revoked_by": by, "note": note})
        return _one(connection, grant_id)


def all_grants(connection: Connection) -> list[StoredGrant]:
    """Return all grants, revoked ones too, the newest first."""
    return [StoredGrant._make(row) for row in connection.execute(query("grants", "all"))]


def _one(connection: Connection, grant_id: UUID) -> StoredGrant:
    """Return one grant."""
    row = connection.execute(query("grants", "one"), {"grant_id": grant_id}).fetchone()
    if row is None:
        message = f"there is no grant {grant_id}"
        raise InvalidInputError(message)
    return StoredGrant._make(row)


class GrantStore:
    """What intake reads of grants; a book is made anew when anything of it changed.

    Args:
        url: libpq URL of the figures database.
        purpose: of this installation.
        patience: how long to try; without grants nothing may be taken.
        tell: told whether the database answered.
    """

    def __init__(self, url: str, *, purpose: str, patience: Patience, tell: Tell = tell_nobody) -> None:
        self._connection = LastingConnection(
            url, application_name="duls intake grants", patience=patience, tell=tell
        )
        self._purpose = purpose
        self._seen: tuple[list[Row], int] | None = None
        self._book = GrantBook([])

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def book(self) -> GrantBook:
        """Return the grants of this moment.

        Raises:
            ServiceAwayError: the database does not answer.
        """
        return self._connection.run("read the grants of carriers", self._read)

    def _read(self, connection: Connection) -> GrantBook:
        """Read grants, and the shapes of their zones where these may have changed."""
        rows: list[Row] = connection.execute(
            query("grants", "in_force"), {"purpose": self._purpose}
        ).fetchall()
        seen = (rows, latest_versions(connection).zones)
        if seen != self._seen:
            named = {zone for _, zones, *_ in rows for zone in zones or ()}
            numbers = zone_numbers(connection) if named else {}
            stored = load_zones(connection, seen[1]) if named and seen[1] else []
            wanted = {numbers[zone] for zone in named if zone in numbers}
            shapes = [IndexedZone(z.zone_no, z.feature.polygons) for z in stored if z.zone_no in wanted]
            self._book = GrantBook(grants_by_number(rows, numbers), shapes)
            self._seen = seen
        return self._book
