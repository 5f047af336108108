"""Who asks: the bearer of a token, or nobody where a setting lets nobody read from this machine."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from duls.api.problems import RETRY_S, ProblemError
from duls.api.tokens import Caller, Scope, TokenError, caller_of

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
PORT: Final = re.compile(r":\d*$")


class Gate:
    """Tells who asks.

    Args:
        keys: gives those that sign tokens at this moment; with none, no token is taken.
        anonymous: what may be done without a token, from this machine only.
        revoked: gives the ids of tokens that are not taken any more; None: not known yet, so that no token is taken.
        clock: the time, for expiry.
    """

    def __init__(
        self,
        keys: Callable[[], Sequence[bytes]],
        anonymous: Collection[Scope] = (),
        *,
        revoked: Callable[[], Collection[str] | None] = frozenset,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._revoked = revoked
        self._anonymous = frozenset(anonymous)
        self._clock = clock

    def keys(self) -> Sequence[bytes]:
        """Return the keys of this moment: who was let in by others is asked again."""
        return self._keys()

    def is_revoked(self, caller: Caller) -> bool:
        """Tell whether the token of who was let in is revoked by now."""
        return caller.token_id in (self._revoked() or ())

    def caller(self, token: str | None, host: str) -> Caller:
        """Return who asks with *token* at *host*, the name that the client gave this server.

        Raises:
            ProblemError: 401, with no token or one that is not taken; 503 while it is not known which are revoked.
        """
        if token is not None:
            try:
                caller = caller_of(token, self._keys(), now_s=self._clock().timestamp())
            except TokenError as error:
                raise _unauthorised(str(error), 'error="invalid_token"') from error
            if self._revoked() is None:
                raise _unknown()
            if self.is_revoked(caller):
                detail = "the token was revoked"
                raise _unauthorised(detail, 'error="invalid_token"')
            return caller
        # a page of another site that is led to this address (DNS rebinding) names its own host
        if self._anonymous and PORT.sub("", host) in LOOPBACK_NAMES:
            return Caller(None, None, self._anonymous, None)
        detail = "a token is needed: send it as `Authorization: Bearer TOKEN`"
        raise _unauthorised(detail)


def _unauthorised(detail: str, more: str = "") -> ProblemError:
    """Return the problem of a request without a valid token."""
    challenge = {"WWW-Authenticate": f'Bearer realm="duls"{", " if more else ""}{more}'}
    return ProblemError(HTTPStatus.UNAUTHORIZED, "token-needed", detail, headers=challenge)


def _unknown() -> ProblemError:
    """Return the problem of a process that could not read yet which tokens are revoked."""
    detail = "the database does not answer, which says what tokens are revoked: try again"
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE, "database-away", detail, headers={"Retry-After": str(RETRY_S)}
    )
