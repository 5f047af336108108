"""What operators may do about alerts and zones: who, where, and what they are told."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from duls.api.deeds import DeedOutcome
from duls.api.problems import PROBLEM_TYPE
from duls.errors import InvalidInputError, ServiceAwayError
from sinks.connection import open_connection
from tests.duls.api.conftest import ACT, OPERATOR, PLANNER, RULES, Api

pytestmark = pytest.mark.services

RUNNING, OVER = "a2", "a3"
ACKNOWLEDGE = f"/v1/alerts/{RUNNING}/acknowledge"
LATER = "2036-11-23T09:00:00+01:00"
DEEDS: list[tuple[str, dict[str, Any]]] = [
    (ACKNOWLEDGE, {"note": "op weg"}),
    (f"/v1/alerts/{RUNNING}/snooze", {"until": LATER}),
    (f"/v1/alerts/{RUNNING}/resolve", {"note": "geteld"}),
    ("/v1/zones/zone-001/silence", {"until": LATER, "from": "2026-11-23T09:00:00+01:00"}),
    ("/v1/zones/zone-001/unsilence", {}),
]


@pytest.fixture(autouse=True)
def _anew(small_api: Api) -> Iterator[None]:
    """Let no test see the deeds of another."""
    small_api.deeds.forget()
    yield
    small_api.deeds.forget()


@pytest.mark.parametrize(("path", "body"), DEEDS)
def test_a_deed_is_done_in_the_name_of_the_caller(small_api: Api, path: str, body: dict[str, Any]) -> None:
    """With what the body says; the answer says who did what."""
    response = small_api.send("POST", path, body, ACT)

    ((deed, action_id),) = small_api.deeds.done
    answer = response.json()
    assert (200, "done") == (response.status_code, answer["status"]), response.text
    assert (path.rpartition("/")[2], "tester", str(action_id)) == (
        answer["kind"],
        answer["by"],
        answer["action_id"],
    )
    assert ("tester", body.get("note")) == (deed.by, deed.note)
    assert path.split("/")[3] == (deed.alert_id or deed.zone_id)
    assert ("until" in body, "from" in body) == (deed.until is not None, deed.start is not None)


def test_a_deed_needs_the_scope_for_it(small_api: Api) -> None:
    """Reading is not acting, and who may change rules may not act."""
    for scopes in (OPERATOR, PLANNER, RULES):
        assert 403 == small_api.send("POST", ACKNOWLEDGE, {}, scopes).status_code
    assert 401 == small_api.client.post(ACKNOWLEDGE, json={}).status_code
    assert [] == small_api.deeds.done


def test_alerts_and_zones_of_others_are_not_there(small_api: Api) -> None:
    """As one that never was: 404."""
    for path, municipalities in (
        ("/v1/alerts/none/acknowledge", None),
        (ACKNOWLEDGE, ("GM9999",)),
        ("/v1/zones/none/unsilence", None),
        ("/v1/zones/zone-001/unsilence", ("GM9999",)),
        ("/v1/zones/zone-006/unsilence", None),  # the newest version lacks it
    ):
        response = small_api.send("POST", path, {}, ACT, municipalities=municipalities)
        assert 404 == response.status_code, path
        assert response.json()["type"].startswith("urn:duls:problem:no-such-")
    assert [] == small_api.deeds.done


def test_an_alert_that_is_over_is_left_alone(small_api: Api) -> None:
    """409, before anything is sent."""
    response = small_api.send("POST", f"/v1/alerts/{OVER}/acknowledge", {}, ACT)

    assert (409, "urn:duls:problem:alert-over") == (response.status_code, response.json()["type"])
    assert [] == small_api.deeds.done


def test_a_refusal_says_why(small_api: Api) -> None:
    """The alert process knows what the API does not."""
    small_api.deeds.outcome = DeedOutcome(is_handled=True, refusal="already_done")

    response = small_api.send("POST", ACKNOWLEDGE, {}, ACT)

    assert (409, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])
    assert ("urn:duls:problem:already-done", "somebody did so already") == (
        response.json()["type"],
        response.json()["detail"],
    )


def test_a_deed_that_nobody_handled_yet_waits(small_api: Api) -> None:
    """202: it is in the topic."""
    small_api.deeds.outcome = DeedOutcome(is_handled=False)

    response = small_api.send("POST", ACKNOWLEDGE, {}, ACT)

    assert (202, "waiting") == (response.status_code, response.json()["status"])


@pytest.mark.parametrize(
    ("failure", "status", "name"),
    [
        (ServiceAwayError("x"), 503, "broker-away"),
        (InvalidInputError("until must be later"), 422, "wrong-deed"),
    ],
)
def test_what_cannot_be_sent_is_told(small_api: Api, failure: Exception, status: int, name: str) -> None:
    """The caller knows that nothing was done."""
    small_api.deeds.failure = failure

    response = small_api.send("POST", ACKNOWLEDGE, {}, ACT)

    assert (status, f"urn:duls:problem:{name}") == (response.status_code, response.json()["type"])


def test_the_same_key_is_the_same_deed(small_api: Api) -> None:
    """For a client that did not hear the answer; of another alert, or without a key, it is another deed."""
    key = {"Idempotency-Key": "42"}
    for path, headers in ((ACKNOWLEDGE, key), (ACKNOWLEDGE, key), ("/v1/alerts/a4/acknowledge", key)):
        small_api.send("POST", path, {}, ACT, headers=headers)
    small_api.send("POST", ACKNOWLEDGE, {}, ACT)

    ids = [action_id for _, action_id in small_api.deeds.done]
    assert ids[0] == ids[1]
    assert 3 == len(set(ids))
    assert all(isinstance(action_id, UUID) for action_id in ids)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ACKNOWLEDGE, {"by": "somebody else"}),
        (ACKNOWLEDGE, {"note": ""}),
        (ACKNOWLEDGE, {"note": "x" * 501}),
        (ACKNOWLEDGE, {"note": "a\0"}),
        (ACKNOWLEDGE, []),
        (f"/v1/alerts/{RUNNING}/resolve", {}),
        (f"/v1/alerts/{RUNNING}/snooze", {}),
        (f"/v1/alerts/{RUNNING}/snooze", {"until": "2036-11-23T09:00:00"}),
        ("/v1/alerts/a%00/acknowledge", {}),
    ],
)
def test_a_wrong_body_is_refused(small_api: Api, path: str, body: Any) -> None:
    """With what is wrong."""
    response = small_api.send("POST", path, body, ACT)

    assert (422, "urn:duls:problem:wrong-parameter") == (response.status_code, response.json()["type"])
    assert response.json()["errors"]
    assert [] == small_api.deeds.done


@pytest.mark.parametrize("kind", [{"Content-Type": "text/plain"}, {}])
def test_a_form_of_another_site_is_no_deed(small_api: Api, kind: dict[str, str]) -> None:
    """A browser sends text, or bytes that it does not name, without asking this server first, and JSON never."""
    header = small_api.ask("/v1/zones", ACT).request.headers["authorization"]

    response = small_api.client.post(ACKNOWLEDGE, content="{}", headers={"Authorization": header, **kind})

    assert 422 == response.status_code
    assert [] == small_api.deeds.done


def test_who_asked_is_written_down_with_the_token(small_api: Api) -> None:
    """The log of actions has the name; this one has the token and what was refused, too."""
    with open_connection(small_api.url, application_name="test") as connection:
        connection.execute("TRUNCATE core.access_log")

        small_api.send("POST", ACKNOWLEDGE, {}, ACT)
        small_api.send("POST", "/v1/alerts/none/resolve", {"note": "x"}, ACT)

        rows = connection.execute(
            "SELECT subject, token_id, route, parameters, rows FROM core.access_log ORDER BY id"
        ).fetchall()
    assert [
        ("tester", "serial-1", ACKNOWLEDGE, {"kind": "acknowledge"}, 1),
        ("tester", "serial-1", "/v1/alerts/none/resolve", {"kind": "resolve"}, 0),
    ] == rows


@pytest.mark.parametrize("body", [b"\xff", b"{", b"[]", b'{"note": 1}'])
def test_a_body_that_cannot_be_used_is_refused_as_the_description_says(small_api: Api, body: bytes) -> None:
    """No UTF-8, no JSON, no object, no text: each is a 422."""
    header = small_api.ask("/v1/zones", ACT + OPERATOR).request.headers["authorization"]
    headers = {"Authorization": header, "Content-Type": "application/json"}

    response = small_api.client.post(ACKNOWLEDGE, content=body, headers=headers)

    assert (422, PROBLEM_TYPE) == (response.status_code, response.headers["content-type"])
    assert [] == small_api.deeds.done
