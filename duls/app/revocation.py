"""Tokens that are revoked before they expire: by a command, and heeded by every API process within seconds."""

import threading
import uuid
from typing import Final, NamedTuple, Self

import psycopg
import structlog

from duls.config import Settings
from duls.errors import ConfigError, ServiceAwayError
from duls.logs import tell_defect
from sinks.connection import first_line, open_connection
from sinks.lasting_connection import LastingConnection
from sinks.patience import Patience
from sinks.revoked_tokens import (
    LastRead,
    RevokedToken,
    last_read,
    revoke_token,
    revoked_ids,
    revoked_tokens,
)

LOOK_S: Final = 2.0  # between two looks at the database
PATIENCE_S: Final = 1.0  # what cannot be read now is read at the next look
SILENCE_S: Final = 5.0
APPLICATION: Final = "duls token"

log = structlog.get_logger()


class Revoked(NamedTuple):
    """A token that was revoked, and the last read with it, by which a wrong id is noticed."""

    token: RevokedToken
    last_read: LastRead | None


def revoke(settings: Settings, token_id: str, *, by: str, note: str | None) -> Revoked:
    """Revoke a token; API processes hear of it within seconds.

    Raises:
        ConfigError: that is no id.
        ServiceAwayError: the database does not answer.
    """
    try:
        known = uuid.UUID(token_id)
    except ValueError:
        # not quoted: it may be the token itself
        message = "the id of a token must be a UUID, as `duls token issue` and core.access_log show it"
        raise ConfigError(message) from None
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return Revoked(revoke_token(connection, known, by=by, note=note), last_read(connection, known))


def list_revoked(settings: Settings) -> list[RevokedToken]:
    """Return the revoked tokens that may not have expired yet, the newest first.

    Raises:
        ServiceAwayError: the database does not answer.
    """
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return revoked_tokens(connection)


class RevokedTokens:
    """The ids of revoked tokens as the database has them now, looked at again by a thread.

    What was read last counts while the database is away. Before it was read once nothing is known.

    Args:
        url: libpq URL of a login that may read them.
    """

    def __init__(self, url: str) -> None:
        self._stop = threading.Event()
        self._database = LastingConnection(
            url,
            application_name="duls api tokens",
            patience=Patience(PATIENCE_S, self._stop.is_set),
            longest_silence_s=SILENCE_S,
        )
        self._ids: frozenset[str] | None = None
        self._is_away = False
        self._thread = threading.Thread(target=self._run, name="tokens", daemon=True)

    def __call__(self) -> frozenset[str] | None:
        """Return the ids; None: not known yet."""
        return self._ids

    def __enter__(self) -> Self:
        """Look once, so that the first request finds them, and start the thread."""
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_reason: object) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join(timeout=2.0)
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _run(self) -> None:
        """Look until stopped."""
        while not self._stop.wait(LOOK_S):
            self.look()

    def look(self) -> None:
        """Read the ids once; where that fails, those of before count."""
        try:
            ids = self._database.run("read which tokens are revoked", revoked_ids)
        except (ServiceAwayError, psycopg.Error) as error:  # away, not migrated yet, or without its grants
            if not self._is_away:
                log.warning("it cannot be read which tokens are revoked", reason=first_line(error))
            self._is_away = True
            return
        except Exception as error:  # noqa: BLE001  # a thread that ended would let revoked tokens in, in silence
            tell_defect(error)
            return
        if self._is_away or (self._ids is not None and self._ids != ids):
            log.info("the tokens that are revoked were read", tokens=len(ids))
        self._ids, self._is_away = ids, False
