"""Revoked tokens in the database: each once, and never taken back."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sinks.connection import Connection
from sinks.queries import query


class RevokedToken(NamedTuple):
    """A token that is not taken any more."""

    token_id: UUID
    revoked_at: datetime
    revoked_by: str
    note: str | None


class LastRead(NamedTuple):
    """The last read of live figures with a token."""

    subject: str | None
    at: datetime


def revoke_token(connection: Connection, token_id: UUID, *, by: str, note: str | None) -> RevokedToken:
    """Revoke a token and return it; one that is revoked stays as it is."""
    values = {"token_id": token_id, "revoked_by": by, "note": note}
    with connection.transaction():
        connection.execute(query("revoked_tokens", "revoke"), values)
        rows = connection.execute(query("revoked_tokens", "one"), values).fetchall()
    return RevokedToken._make(rows[0])


def revoked_tokens(connection: Connection) -> list[RevokedToken]:
    """Return all revoked tokens, the newest first."""
    return [RevokedToken._make(row) for row in connection.execute(query("revoked_tokens", "all"))]


def revoked_ids(connection: Connection) -> frozenset[str]:
    """Return the ids of all revoked tokens, as tokens have them."""
    return frozenset(row[0].hex for row in connection.execute(query("revoked_tokens", "ids")))


def last_read(connection: Connection, token_id: UUID) -> LastRead | None:
    """Return the last read with a token within thirty days, if there is one."""
    row = connection.execute(query("revoked_tokens", "last_read"), {"serial": token_id.hex}).fetchone()
    return None if row is None else LastRead._make(row)
