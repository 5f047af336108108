"""Who asks: the bearer of a token, or nobody where a setting lets nobody read from this machine."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from duls.api.problems import ProblemError
from duls.api.tokens import Caller, Scope, TokenError, caller_of

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
PORT: Final = re.compile(r":\d*$")


class Gate:
    """Tells who asks.

    Args:
        keys: gives those that sign tokens at this moment; with none, no token is taken.
        anonymous: what may be done without a token, from this machine only.
        clock: the time, for expiry.
    """

    def __init__(
        self,
        keys: Callable[[], Sequence[bytes]],
        anonymous: Collection[Scope] = (),
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._anonymous = frozenset(anonymous)
        self._clock = clock

    def keys(self) -> Sequence[bytes]:
        """Return the keys of this moment: who was let in by others is asked again."""
        return self._keys()

    def caller(self, token: str | None, host: str) -> Caller:
        """Return who asks with *token* at *host*, the name that the client gave this server.

        Raises:
            ProblemError: 401, with no token or one that is not taken.
        """
        if token is not None:
            try:
                return caller_of(token, self._keys(), now_s=self._clock().timestamp())
            except TokenError as error:
                raise _unauthorised(str(error), 'error="invalid_token"') from error
        # a page of another site that is led to this address (DNS rebinding) names its own host
        if self._anonymous and PORT.sub("", host) in LOOPBACK_NAMES:
            return Caller(None, None, self._anonymous, None)
        detail = "a token is needed: send it as `Authorization: Bearer TOKEN`"
        raise _unauthorised(detail)


def _unauthorised(detail: str, more: str = "") -> ProblemError:
    """Return the problem of a request without a valid token."""
    challenge = {"WWW-Authenticate": f'Bearer realm="duls"{", " if more else ""}{more}'}
    return ProblemError(HTTPStatus.UNAUTHORIZED, "token-needed", detail, headers=challenge)
