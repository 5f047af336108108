"""Who is let in: the bearer of a token with the scope, or nobody where a setting says so."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Annotated, Any, cast

import httpx
import pytest
from fastapi import Depends, FastAPI

from duls.api.access import require_scope
from duls.api.gate import Gate
from duls.api.problems import PROBLEM_TYPE, add_problem_handlers
from duls.api.tokens import Caller, Grant, Scope, issue

KEY = bytes(range(32))
NOW = datetime(2026, 11, 23, tzinfo=UTC)
PLANNER = issue(Grant("planner", (Scope.PLANNER,), None, 60), KEY, now_s=int(NOW.timestamp()), serial="1")


class OnlyGate:
    """The parts that access needs."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate


def who(caller: Annotated[Caller, Depends(require_scope(Scope.PLANNER))]) -> dict[str, Any]:
    """Answer with who asked."""
    return {"subject": caller.subject, "scopes": sorted(caller.scopes)}


def whom(caller: Annotated[Caller, Depends(require_scope(Scope.OPERATOR))]) -> dict[str, Any]:
    """Answer with who asked."""
    return {"subject": caller.subject, "scopes": sorted(caller.scopes)}


def answer(
    path: str,
    *,
    bearer: str = "",
    host: str = "duls.test",
    anonymous: Scope | None = None,
    revoked: Callable[[], Collection[str] | None] = frozenset,
) -> httpx.Response:
    """Ask an application that has a route for planners and one for operators."""
    application = FastAPI()
    gate = Gate(lambda: [KEY], [anonymous] if anonymous else (), revoked=revoked, clock=lambda: NOW)
    application.state.parts = cast("Any", OnlyGate(gate))
    add_problem_handlers(application)
    application.add_api_route("/planners", who)
    application.add_api_route("/operators", whom)
    headers = {"Host": host} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})

    async def ask() -> httpx.Response:
        """Send the request."""
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://duls.test") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def test_a_token_with_the_scope_is_let_in() -> None:
    """The route knows who asks."""
    assert {"subject": "planner", "scopes": ["planner"]} == answer("/planners", bearer=PLANNER).json()


def test_a_token_without_the_scope_is_told_so() -> None:
    """403: another token is needed, not a login."""
    response = answer("/operators", bearer=PLANNER)

    assert (403, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])
    assert "urn:duls:problem:scope-missing" == response.json()["type"]


@pytest.mark.parametrize("bearer", ["", "nonsense"])
def test_no_token_is_not_enough(bearer: str) -> None:
    """401, with the way to show one."""
    response = answer("/planners", bearer=bearer)

    assert (401, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])
    assert response.headers["www-authenticate"].startswith('Bearer realm="duls"')


def test_a_token_that_is_revoked_is_not_let_in() -> None:
    """The others are, whoever they were issued for."""
    refusal = answer("/planners", bearer=PLANNER, revoked=lambda: {"0", "1"})

    assert (401, "the token was revoked") == (refusal.status_code, refusal.json()["detail"])
    assert 'error="invalid_token"' in refusal.headers["www-authenticate"]
    assert 200 == answer("/planners", bearer=PLANNER, revoked=lambda: {"0", "2"}).status_code


def test_nobody_is_let_in_with_a_token_while_it_is_not_known_which_are_revoked() -> None:
    """The same token may be good in a moment; who needs none is let in, and a wrong one is a wrong one."""
    refusal = answer("/planners", bearer=PLANNER, revoked=lambda: None)

    assert (503, "5") == (refusal.status_code, refusal.headers["retry-after"])
    assert "urn:duls:problem:database-away" == refusal.json()["type"]
    assert 401 == answer("/planners", bearer="x", revoked=lambda: None).status_code
    nobody = answer("/planners", host="localhost", anonymous=Scope.PLANNER, revoked=lambda: None)
    assert 200 == nobody.status_code


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:80"])
def test_nobody_may_read_at_this_machine_where_that_is_set(host: str) -> None:
    """With the scope of the setting, and no other."""
    assert {"subject": None, "scopes": ["operator"]} == answer(
        "/operators", host=host, anonymous=Scope.OPERATOR
    ).json()
    assert 403 == answer("/planners", host=host, anonymous=Scope.OPERATOR).status_code


@pytest.mark.parametrize(
    "host", ["duls.example", "localhost.duls.example", "127.0.0.1.example:80", "::1", ""]
)
def test_a_page_of_another_site_is_not_nobody(host: str) -> None:
    """A name that was led to this address is the other site's name."""
    assert 401 == answer("/operators", host=host, anonymous=Scope.OPERATOR).status_code


def test_a_wrong_token_does_not_become_nobody() -> None:
    """Whoever shows a token is judged by it."""
    assert 401 == answer("/operators", host="localhost", bearer="x", anonymous=Scope.OPERATOR).status_code
