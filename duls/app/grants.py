"""`duls grants`: whose positions may be taken, for what, where and when."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from duls.config import Settings
from duls.errors import ConfigError
from sinks.connection import open_connection
from sinks.grants import NewGrant, StoredGrant, add_grant, all_grants, revoke_grant

LOCAL = ZoneInfo("Europe/Amsterdam")
APPLICATION = "duls grants"


class GrantWish(NamedTuple):
    """A grant as a steward names it."""

    carrier: str
    purpose: str
    zones: Sequence[str]  # none: everywhere
    valid_from: str  # local day or time; empty: now
    valid_until: str  # empty: no end
    note: str | None


def add(settings: Settings, wish: GrantWish, *, by: str) -> StoredGrant:
    """Write a grant down.

    Raises:
        ConfigError: a part of it cannot be used.
        InvalidInputError: it names a zone that was never loaded.
        ServiceAwayError: the database does not answer.
    """
    valid_from = _moment(wish.valid_from, "--from") if wish.valid_from else datetime.now(UTC)
    valid_until = _moment(wish.valid_until, "--until") if wish.valid_until else None
    if valid_until is not None and valid_until <= valid_from:
        message = "a grant must end after it begins"
        raise ConfigError(message)
    for name, text in (("carrier", wish.carrier), ("purpose", wish.purpose)):
        if not text.strip():
            message = f"a grant needs a {name}"
            raise ConfigError(message)
    grant = NewGrant(
        uuid.uuid4(),
        wish.carrier.strip(),
        wish.purpose.strip(),
        sorted(set(wish.zones)) or None,
        valid_from,
        valid_until,
        by,
        wish.note,
    )
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return add_grant(connection, grant)


def revoke(settings: Settings, grant_id: str, *, by: str, note: str | None) -> StoredGrant:
    """Revoke a grant; intake hears of it within seconds.

    Raises:
        ConfigError: that is no id.
        InvalidInputError: there is no such grant.
        ServiceAwayError: the database does not answer.
    """
    try:
        known = uuid.UUID(grant_id)
    except ValueError:
        message = f"the id of a grant must be a UUID, as `duls grants list` shows it, got {grant_id!r}"
        raise ConfigError(message) from None
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return revoke_grant(connection, known, by=by, note=note)


def list_grants(settings: Settings, *, with_revoked: bool) -> list[StoredGrant]:
    """Return the grants, the newest first.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return [grant for grant in all_grants(connection) if with_revoked or grant.revoked_at is None]


def _moment(text: str, option: str) -> datetime:
    """Return a local day's beginning, or a time; a time without an offset is local."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option} must be a day such as 2026-11-23, or a time such as 2026-11-23T07:00+01:00, got {text!r}"
        raise ConfigError(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)
