"""Bearer tokens: JSON Web Tokens under a key of ours, with scopes and municipalities, for a while.

The algorithm is pinned: a token that names another one, or `none`, is refused whatever it says.
A key file with several lines signs with the first and takes all, so that keys can be changed without a break.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import jwt

from processors.vocabulary import MUNICIPALITY_CODE

ALGORITHM: Final = "HS256"
ISSUER: Final = "duls"
AUDIENCE: Final = "duls-api"
EVERYWHERE: Final = "*"
REQUIRED: Final = ("iss", "aud", "sub", "jti", "iat", "exp")


class Scope(StrEnum):
    """What a caller may do."""

    OPERATOR = "operator"  # read live figures, which may be small
    PLANNER = "planner"  # read published figures, which are k-safe
    ACT = "act"  # acknowledge, snooze and resolve alerts, and silence zones
    RULES = "rules"  # change the rules of alerts
    GRANTS = "grants"  # write down and revoke what carriers grant
    SEND_POSITIONS = "send-positions"  # push positions, and read nothing
    SEND_DETECTIONS = "send-detections"  # push detections, and read nothing


class Caller(NamedTuple):
    """Who asks, and what for."""

    subject: str | None  # None: nobody said
    token_id: str | None
    scopes: frozenset[Scope]
    municipalities: tuple[str, ...] | None  # CBS codes; None: everywhere
    expires_s: int | None = None  # seconds since 1970; None: never


class Grant(NamedTuple):
    """What a token is issued for."""

    subject: str
    scopes: tuple[Scope, ...]
    municipalities: tuple[str, ...] | None
    lifetime_s: int


class TokenError(Exception):
    """A token is not taken; the message says why, in words that may be sent back."""


def issue(grant: Grant, key: bytes, *, now_s: int, serial: str) -> str:
    """Return a token for *grant*, valid from *now_s* (seconds since 1970) on; *serial* names it in the access log."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": grant.subject,
        "jti": serial,
        "iat": now_s,
        "exp": now_s + grant.lifetime_s,
        "scopes": [scope.value for scope in grant.scopes],
        "municipalities": [EVERYWHERE] if grant.municipalities is None else list(grant.municipalities),
    }
    return jwt.encode(claims, key, ALGORITHM)


def caller_of(token: str, keys: Sequence[bytes], *, now_s: float) -> Caller:
    """Return whom a token speaks for.

    Raises:
        TokenError: it was not signed by one of *keys*, has expired, or says something unknown.
    """
    claims = _verified(token, keys)
    expiry = claims["exp"]
    if not isinstance(expiry, int) or now_s >= expiry:
        message = "the token has expired"
        raise TokenError(message)
    return Caller(str(claims["sub"]), str(claims["jti"]), _scopes(claims), _municipalities(claims), expiry)


def _verified(token: str, keys: Sequence[bytes]) -> dict[str, Any]:
    """Return the claims of a token that one of the keys signed; times are checked by the caller's clock."""
    options: Any = {"require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for key in keys:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, [ALGORITHM], options=options, audience=AUDIENCE, issuer=ISSUER
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.InvalidTokenError, RecursionError) as error:
            message = "the token is not one of this service"
            raise TokenError(message) from error
        return claims
    message = "the token was not signed by this service"
    raise TokenError(message)


def _scopes(claims: dict[str, Any]) -> frozenset[Scope]:
    """Return the scopes of a token; those of later versions are left aside."""
    named = claims.get("scopes")
    known = {scope.value for scope in Scope}
    return (
        frozenset(Scope(name) for name in named if name in known) if isinstance(named, list) else frozenset()
    )


def _municipalities(claims: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the municipalities of a token; none at all where it names none."""
    named = claims.get("municipalities")
    if not isinstance(named, list):
        return ()
    if EVERYWHERE in named:
        return None
    return tuple(name for name in named if isinstance(name, str) and MUNICIPALITY_CODE.fullmatch(name))
