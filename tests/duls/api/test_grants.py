"""/v1/grants: written down and revoked by those who may, kept with who did it."""

import uuid
from typing import Any

import pytest

from duls.api.tokens import Scope
from tests.duls.api.conftest import Api

pytestmark = pytest.mark.services

GRANTS = (Scope.GRANTS,)
ASKED: dict[str, Any] = {"carrier": "carrier-x", "purpose": "zero emission zones"}


def test_a_grant_is_written_down_and_revoked(small_api: Api) -> None:
    """It stays in the list with who revoked it; revoking it again changes nothing."""
    zone = small_api.rows("/v1/zones", (Scope.PLANNER,))[0]["zone_id"]
    body = {**ASKED, "zones": [zone, zone], "from": "2026-11-23T00:00:00+01:00", "note": "agreement 7"}
    told = small_api.send("POST", "/v1/grants", body, GRANTS).json()
    revoked = small_api.send("DELETE", f"/v1/grants/{told['grant_id']}", None, GRANTS).json()
    again = small_api.send("DELETE", f"/v1/grants/{told['grant_id']}", None, GRANTS).json()
    listed = small_api.send("GET", "/v1/grants", None, GRANTS).json()["items"]

    assert ([zone], "2026-11-23T00:00:00+01:00", None, "tester", None) == (
        told["zones"], told["valid_from"], told["valid_until"], told["granted_by"], told["revoked_at"]
    )  # fmt: skip
    assert "tester" == revoked["revoked_by"]
    assert revoked == again
    assert revoked in listed


@pytest.mark.parametrize(
    "change",
    [
        {"carrier": " "},
        {"purpose": ""},
        {"zones": ["nowhere"]},
        {"zones": []},
        {"from": "2026-11-23T00:00:00Z", "until": "2026-11-22T00:00:00Z"},
        {"surprise": 1},
    ],
)
def test_what_cannot_be_granted_is_refused(small_api: Api, change: dict[str, Any]) -> None:
    """As a problem, and nothing is written."""
    before = small_api.send("GET", "/v1/grants", None, GRANTS).json()

    assert 422 == small_api.send("POST", "/v1/grants", {**ASKED, **change}, GRANTS).status_code
    assert before == small_api.send("GET", "/v1/grants", None, GRANTS).json()


def test_a_grant_that_does_not_exist_is_not_found(small_api: Api) -> None:
    """Whatever its id."""
    assert 404 == small_api.send("DELETE", f"/v1/grants/{uuid.uuid4()}", None, GRANTS).status_code


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/grants"), ("POST", "/v1/grants")])
def test_only_who_may_sees_and_writes_grants(small_api: Api, method: str, path: str) -> None:
    """All other scopes together are not enough."""
    others = tuple(scope for scope in Scope if scope is not Scope.GRANTS)

    assert 403 == small_api.send(method, path, ASKED, others).status_code
    assert 401 == small_api.client.request(method, path, json=ASKED).status_code


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/grants"), ("POST", "/v1/grants"), ("DELETE", f"/v1/grants/{uuid.UUID(int=1)}")],
)
def test_a_token_of_some_municipalities_is_not_enough(small_api: Api, method: str, path: str) -> None:
    """A grant is about the whole city, as rules are."""
    answer = small_api.send(method, path, ASKED, GRANTS, municipalities=("GM0344",))

    assert (403, "urn:duls:problem:not-everywhere") == (answer.status_code, answer.json()["type"])
