"""Tokens: what was signed here is taken for what it says and no longer, and nothing else is."""

import base64
import json
from typing import Any

import jwt
import pytest

from duls.api.tokens import Caller, Grant, Scope, TokenError, caller_of, issue

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
NOW_S = 1_800_000_000
GRANT = Grant("kade", (Scope.OPERATOR, Scope.PLANNER), ("GM0363",), 3_600)
CLAIMS = {
    "iss": "duls",
    "aud": "duls-api",
    "sub": "kade",
    "jti": "1",
    "iat": NOW_S,
    "exp": NOW_S + 60,
    "scopes": ["operator"],
    "municipalities": ["GM0363"],
}


def token(**claims: Any) -> str:
    """Return a token with other claims; None leaves one out."""
    kept = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(kept, KEY, "HS256")


def unsigned(algorithm: str) -> str:
    """Return a token that says how it is signed, and is not."""
    parts = [{"alg": algorithm, "typ": "JWT"}, CLAIMS]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, ""])


def test_a_token_says_who_asks() -> None:
    """With all that it was issued for."""
    issued = issue(GRANT, KEY, now_s=NOW_S, serial="7")

    expected = Caller("kade", "7", frozenset({Scope.OPERATOR, Scope.PLANNER}), ("GM0363",), NOW_S + 3_600)
    assert expected == caller_of(issued, [KEY], now_s=NOW_S + 3_599.9)


def test_a_token_for_everywhere_has_no_list() -> None:
    """Not even the municipalities that there are today."""
    issued = issue(GRANT._replace(municipalities=None), KEY, now_s=NOW_S, serial="7")

    assert caller_of(issued, [KEY], now_s=NOW_S).municipalities is None


def test_a_token_ends() -> None:
    """At the second of its expiry."""
    issued = issue(GRANT, KEY, now_s=NOW_S, serial="7")

    with pytest.raises(TokenError, match="expired"):
        caller_of(issued, [KEY], now_s=NOW_S + 3_600)


def test_keys_change_without_a_break() -> None:
    """Tokens of the old key are taken until it is removed."""
    issued = issue(GRANT, KEY, now_s=NOW_S, serial="7")

    assert "kade" == caller_of(issued, [OTHER_KEY, KEY], now_s=NOW_S).subject
    with pytest.raises(TokenError, match="not signed by this service"):
        caller_of(issued, [OTHER_KEY], now_s=NOW_S)


@pytest.mark.parametrize(
    "wrong",
    [
        unsigned("none"),
        unsigned("None"),
        unsigned("HS256"),
        jwt.encode(CLAIMS, KEY * 2, "HS512"),
        jwt.encode(CLAIMS, None, "none"),
        token(iss="other"),
        token(aud="other"),
        *(token(**{name: None}) for name in ("iss", "aud", "sub", "jti", "iat", "exp")),
        token(sub=7),
        token(exp="soon"),
        token(exp=1e300),
        "",
        "a.b.c",
        "é",
        base64.urlsafe_b64encode(b"[" * 40_000).decode() + ".e30.e30",
    ],
)
def test_nothing_else_is_a_token(wrong: str) -> None:
    """Unsigned, signed otherwise, of others, incomplete or nonsense."""
    with pytest.raises(TokenError):
        caller_of(wrong, [KEY], now_s=NOW_S)


@pytest.mark.parametrize(
    ("claims", "scopes", "municipalities"),
    [
        ({"scopes": ["operator", "of-a-later-version", 7, None]}, {Scope.OPERATOR}, ("GM0363",)),
        ({"scopes": "operator"}, set(), ("GM0363",)),
        ({"scopes": None}, set(), ("GM0363",)),
        ({"municipalities": None}, {Scope.OPERATOR}, ()),
        ({"municipalities": ["GM1", 7, "GM0599"]}, {Scope.OPERATOR}, ("GM0599",)),
        ({"municipalities": "*"}, {Scope.OPERATOR}, ()),
    ],
)
def test_what_is_not_granted_plainly_is_not_granted(
    claims: dict[str, Any], scopes: set[Scope], municipalities: tuple[str, ...]
) -> None:
    """An unknown or missing claim gives nothing."""
    caller = caller_of(token(**claims), [KEY], now_s=NOW_S)

    assert (frozenset(scopes), municipalities) == (caller.scopes, caller.municipalities)
