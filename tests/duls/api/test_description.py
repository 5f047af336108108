"""The description of the API holds: its examples are right, and whatever is asked, answers are as described."""

import json
import os
from typing import Any, Final

import httpx
import hypothesis
import jsonschema
import pytest
import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from duls.api.tokens import Scope
from tests.duls.api.conftest import ACT, OPERATOR, PLANNER, RULES, Api

pytestmark = pytest.mark.services

CASES: Final = 10_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 300
SENT: Final = frozenset({"/v1/positions"})
LONGEST_QUERY: Final = 60_000  # characters; our client takes no more
# not whether wrong requests are refused: the token that is put into each mends some of them (test_safety does that)
CHECKS: Final = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]


def document(api: Api) -> dict[str, Any]:
    """Return the description."""
    described: dict[str, Any] = api.client.get("/openapi.json").json()
    return described


def test_every_example_is_as_described(small_api: Api) -> None:
    """A reader copies it."""
    described = document(small_api)
    components = {"components": described["components"]}
    seen = 0
    for path, method, operation in operations_of(described):
        content = operation["responses"]["202" if path in SENT else "200"]["content"]
        for given in content.values():
            if "example" in given:
                jsonschema.validate(given["example"], given["schema"] | components)
                seen += 1
        if path.startswith("/v1"):
            assert "example" in content["application/json"], (method, path)
        body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        assert bool(body) is bool(body.get("examples")), (method, path)
        for example in body.get("examples", {}).values():
            jsonschema.validate(example["value"], body["schema"] | components)
            seen += 1
    assert seen >= 23


def operations_of(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return path, method and description of every operation."""
    return [
        (path, method, operation)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    ]


def test_every_parameter_is_explained(small_api: Api) -> None:
    """In a sentence."""
    operations = [
        operation for path, _, operation in operations_of(document(small_api)) if path.startswith("/v1")
    ]

    silent = [
        (operation["operationId"], parameter["name"])
        for operation in operations
        for parameter in operation.get("parameters", [])
        if not parameter.get("description", "").endswith(".")
    ]
    assert [] == silent
    assert all(operation["summary"] and operation["security"] for operation in operations)


@pytest.mark.timeout(3_600)
def test_whatever_is_asked_the_answer_is_as_described(small_api: Api) -> None:
    """Right and wrong values in every parameter of every path: no 5xx, no answer beside its schema."""
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{small_api.port}/openapi.json")
    header = small_api.ask("/v1/zones", OPERATOR + PLANNER + ACT + RULES + (Scope.GRANTS,)).request.headers[
        "authorization"
    ]
    operations = [
        operation
        for result in schema.get_all_operations()
        if (operation := result.ok()).path not in SENT  # the tests of uploads try these
    ]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    cases = strategies.one_of(
        operation.as_strategy(mode)
        for operation in operations
        for mode in modes
        if can_be_wrong(operation, mode)
    )
    statuses: dict[int, int] = {}

    @hypothesis.settings(
        max_examples=CASES,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
    )
    @hypothesis.given(case=cases)
    def ask(case: schemathesis.Case) -> None:
        """Ask, and hold the answer to the description."""
        hypothesis.assume(len(str(httpx.QueryParams(query_of(case)))) < LONGEST_QUERY)
        response = send(small_api, case, header)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
        case.validate_response(response, checks=CHECKS)

    ask()
    print(f"{sum(statuses.values())} cases: {statuses}")  # noqa: T201  # shown by pytest -s
    assert statuses.get(200, 0) > CASES / 20
    assert statuses.get(422, 0) > CASES / 20


def send(api: Api, case: schemathesis.Case, authorization: str) -> httpx.Response:
    """Send a case by our client: that of the library does not work beside the HTTP library of the boards."""
    request = case.as_transport_kwargs(headers={"Authorization": authorization})
    return api.client.request(
        request["method"],
        request["url"],
        params=query_of(case),
        headers=dict(request["headers"]),
        content=body_of(request),
    )


def body_of(request: dict[str, Any]) -> bytes | None:
    """Return the body of a case."""
    return json.dumps(request["json"]).encode() if "json" in request else request.get("data")


def query_of(case: schemathesis.Case) -> dict[str, Any]:
    """Return the parameters of a case that are sent."""
    params = case.as_transport_kwargs()["params"] or {}
    return {name: value for name, value in params.items() if value is not None}


def can_be_wrong(operation: Any, mode: GenerationMode) -> bool:
    """Tell whether there is anything in an operation that can be wrong."""
    return mode is GenerationMode.POSITIVE or bool(
        operation.query or operation.body or operation.path_parameters
    )
