"""Rules of alerts over HTTP: read by operators, changed by who may, whole or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from sinks.connection import open_connection
from tests.duls.api.conftest import ACT, OPERATOR, PLANNER, RULES, Api

pytestmark = pytest.mark.services

BUSY = {"id": "busy", "zone": "zone-001", "capacity": 10}
FULL = {"id": "full", "kind": "district", "capacity": 5}


@pytest.fixture(autouse=True)
def _no_rules(small_api: Api) -> Iterator[None]:
    """Begin and end without rules."""
    with open_connection(small_api.url, application_name="test") as connection:
        connection.execute("DELETE FROM core.alert_rule_version")
        yield
        connection.execute("DELETE FROM core.alert_rule_version")


def put(api: Api, *rules: Any, **query: Any) -> Any:
    """Put rules and return the answer."""
    response = api.send("PUT", "/v1/rules", {"rules": list(rules)}, RULES, **query)
    assert 200 == response.status_code, response.text
    return response.json()


def ids(api: Api) -> tuple[int, list[str]]:
    """Return the version and the rules in force."""
    answer = api.ask("/v1/rules", OPERATOR).json()
    return answer["version"], [rule["id"] for rule in answer["rules"]]


def test_rules_are_put_whole_or_merged(small_api: Api) -> None:
    """A version each, none where nothing changes."""
    assert (0, []) == ids(small_api)
    assert {"busy": "added"} == put(small_api, BUSY)["changes"]
    assert {"full": "added"} == put(small_api, FULL, mode="merge")["changes"]
    assert (2, ["busy", "full"]) == ids(small_api)
    assert not put(small_api, FULL, mode="merge")["is_new"]
    assert {"busy": "removed"} == put(small_api, FULL)["changes"]
    assert (3, ["full"]) == ids(small_api)


def test_what_is_read_may_be_put(small_api: Api) -> None:
    """The document goes round."""
    put(small_api, BUSY)
    document = small_api.ask("/v1/rules", OPERATOR).json()
    del document["version"]

    response = small_api.send("PUT", "/v1/rules", document, RULES)

    assert (200, False) == (response.status_code, response.json()["is_new"])


def test_the_log_says_who_and_why(small_api: Api) -> None:
    """The newest first."""
    put(small_api, BUSY, note="marktdag")
    put(small_api, FULL)

    lines = small_api.ask("/v1/rules/log", OPERATOR, limit=1).json()["items"]
    assert [(2, "tester", None, {"busy": "removed", "full": "added"})] == [
        (line["version"], line["stored_by"], line["note"], line["changes"]) for line in lines
    ]
    assert "marktdag" == small_api.ask("/v1/rules/log", OPERATOR).json()["items"][1]["note"]


def test_rules_made_from_an_older_version_are_refused(small_api: Api) -> None:
    """Nobody undoes what he has not seen."""
    put(small_api, BUSY, after=0)

    response = small_api.send("PUT", "/v1/rules", {"rules": []}, RULES, after=0)

    assert (409, "urn:duls:problem:other-version") == (response.status_code, response.json()["type"])
    assert (1, ["busy"]) == ids(small_api)


def test_wrong_rules_are_refused_with_every_problem(small_api: Api) -> None:
    """By rule and field."""
    wrong = [{**BUSY, "clear_pct": 95}, {**FULL, "classes": "lorries"}]

    response = small_api.send("PUT", "/v1/rules", {"rules": wrong}, RULES)

    assert (422, "urn:duls:problem:wrong-rules") == (response.status_code, response.json()["type"])
    assert ["busy.clear_pct", "full.classes"] == [error["parameter"] for error in response.json()["errors"]]
    assert (0, []) == ids(small_api)


def test_rules_that_cannot_hold_are_warned_of(small_api: Api) -> None:
    """They are stored, for the zone may come."""
    warnings = put(small_api, {**BUSY, "zone": "nowhere"})["warnings"]

    assert 1 == len(warnings)
    assert "busy" in warnings[0]


def test_changing_rules_needs_the_scope_and_the_whole_city(small_api: Api) -> None:
    """Operators read them."""
    for scopes in (OPERATOR, PLANNER, ACT):
        assert 403 == small_api.send("PUT", "/v1/rules", {"rules": []}, scopes).status_code
    some = small_api.send("PUT", "/v1/rules", {"rules": []}, RULES, municipalities=("GM0363",))
    assert (403, "urn:duls:problem:not-everywhere") == (some.status_code, some.json()["type"])
    assert 403 == small_api.ask("/v1/rules", PLANNER).status_code


def test_a_thousand_rules_fit_into_a_body(small_api: Api) -> None:
    """Other bodies are smaller."""
    rules = [{**BUSY, "id": f"r{number}", "zone": f"z{number}"} for number in range(1_000)]
    note = {"note": "x" * 70_000}

    assert 1_000 == len(put(small_api, *rules)["changes"])
    assert 413 == small_api.send("POST", "/v1/alerts/a2/acknowledge", note, ACT).status_code
