"""`duls token issue`: a token for the API, and the key that signs it."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from duls.api.tokens import Grant, Scope, issue
from duls.config import Settings
from duls.errors import ConfigError
from processors.vocabulary import MUNICIPALITY_CODE
from sinks.key_file import KeyFile

LONGEST_DAYS: Final = 366


class IssuedToken(NamedTuple):
    """A token, with what it is good for."""

    token: str
    token_id: str  # in the access log
    subject: str
    scopes: list[str]
    municipalities: list[str]
    expires_at: str
    key_made: bool  # the key file was missing


def token_key_file(settings: Settings) -> KeyFile:
    """Return the file with the key of tokens."""
    return KeyFile(settings.token_key_file, "token key", "duls token issue")


def issue_token(
    settings: Settings, subject: str, *, scopes: Sequence[str], municipalities: Sequence[str], days: int
) -> IssuedToken:
    """Issue a token for *subject*, making the key file when it is missing.

    Args:
        settings: where the key file is.
        subject: whom the token is for, as the access log shall show it.
        scopes: names of scopes, at least one.
        municipalities: CBS codes; none: everywhere.
        days: how long it is valid.

    Raises:
        ConfigError: an argument or the key file cannot be used.
    """
    grant = Grant(_subject(subject), _scopes(scopes), _municipalities(municipalities), _lifetime_s(days))
    file = token_key_file(settings)
    made = file.make(secrets.token_bytes)
    now = datetime.now(UTC).replace(microsecond=0)
    token_id = uuid.uuid4().hex
    token = issue(grant, file.read()[0], now_s=int(now.timestamp()), serial=token_id)
    return IssuedToken(
        token,
        token_id,
        grant.subject,
        [scope.value for scope in grant.scopes],
        list(grant.municipalities or ["*"]),
        (now + timedelta(days=days)).isoformat(),
        made,
    )


def _subject(subject: str) -> str:
    """Return whom a token is for, if it is a name."""
    if not (subject.isprintable() and 0 < len(subject.strip()) <= 200):
        message = "the subject must be a name of at most 200 characters, as the access log shall show it"
        raise ConfigError(message)
    return subject.strip()


def _scopes(names: Sequence[str]) -> tuple[Scope, ...]:
    """Return the scopes of names."""
    known = {scope.value for scope in Scope}
    for name in names:
        if name not in known:
            message = f"a scope must be one of {', '.join(sorted(known))}, got {name!r}"
            raise ConfigError(message)
    if not names:
        message = f"a token needs a scope: one of {', '.join(sorted(known))}"
        raise ConfigError(message)
    return tuple(Scope(name) for name in names)


def _municipalities(codes: Sequence[str]) -> tuple[str, ...] | None:
    """Return the municipalities of a token; None is everywhere."""
    for code in codes:
        if not MUNICIPALITY_CODE.fullmatch(code):
            message = f"a municipality must be a CBS code such as GM0363, got {code!r}"
            raise ConfigError(message)
    return tuple(codes) or None


def _lifetime_s(days: int) -> int:
    """Return the seconds of a lifetime that is not too long."""
    if not 1 <= days <= LONGEST_DAYS:
        message = f"a token is valid for 1 to {LONGEST_DAYS} days, got {days}"
        raise ConfigError(message)
    return days * 86_400
