"""`duls token issue`: a token for the API, and the key that signs it."""

import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog

from duls.api.tokens import Grant, Scope, issue
from duls.config import Settings
from duls.errors import ConfigError
from processors.vocabulary import MUNICIPALITY_CODE
from sinks.key_file import KeyFile

LONGEST_DAYS: Final = 366
LOOK_S: Final = 2.0  # between two looks at the key file

log = structlog.get_logger()


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


class TokenKeys:
    """The keys of tokens as the file has them now: a line that is taken away ends its tokens without a restart.

    Args:
        file: that holds them; while it is missing there are none.
        clock: seconds of a monotonic clock.

    Raises:
        ConfigError: the file cannot be used. Later on that means that no token is taken, and is logged.
    """

    def __init__(self, file: KeyFile, *, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._keys = self._read()
        self._looked_s = clock()

    def __call__(self) -> tuple[bytes, ...]:
        """Return the keys; the first one signs."""
        with self._lock:
            if self._clock() - self._looked_s >= LOOK_S:
                self._look_again()
                self._looked_s = self._clock()
            return self._keys

    def _read(self) -> tuple[bytes, ...]:
        """Return the keys of the file."""
        return tuple(self._file.read()) if self._file.is_there() else ()

    def _look_again(self) -> None:
        """Take the keys that the file has by now, and say so where they are others."""
        before = self._keys
        try:
            self._keys = self._read()
        except ConfigError as error:
            self._keys = ()
            if before:
                log.warning("no token is taken: the key file cannot be used", reason=str(error))
            return
        if self._keys != before:
            log.info("the keys of tokens were changed", keys=len(self._keys))


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
