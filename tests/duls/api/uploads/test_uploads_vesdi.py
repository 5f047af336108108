"""Uploads as the specification of VESDI describes them: every answer to right and wrong messages is in it."""

import json
import os
from pathlib import Path
from typing import Final

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from duls.api.tokens import Scope
from tests.duls.api.uploads.gateway import Gateway

pytestmark = pytest.mark.services

CASES: Final = 5_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 200
REFERENCE: Final = next(
    (
        found
        for folder in Path(__file__).parents
        if (found := folder / "shared/reference/anpr/vesdi-anpr-openapi-v2.yaml").is_file()
    ),
    None,
)
CHECKS: Final = [
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


@pytest.mark.timeout(3_600)
@pytest.mark.skipif(REFERENCE is None, reason="the specification of VESDI is not at hand")
def test_every_answer_is_one_that_vesdi_describes(gateway: Gateway) -> None:
    """Right and wrong messages, tokens and headers: never a 5xx, never an answer beside the specification."""
    schema = schemathesis.openapi.from_path(str(REFERENCE))
    operation = schema["/"]["POST"]
    statuses: dict[int, int] = {}
    wrong = {"X-API-Key": "wrong"}
    forbidden = {"X-API-Key": gateway.headers(Scope.OPERATOR)["Authorization"].removeprefix("Bearer ")}

    @hypothesis.settings(
        max_examples=CASES, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), database=None
    )
    @hypothesis.given(
        case=hypothesis.strategies.one_of(
            operation.as_strategy(mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        ),
        who=hypothesis.strategies.sampled_from([None, None, None, None, None, wrong, forbidden]),
        sender=hypothesis.strategies.integers(0, 50),
    )
    def send(case: schemathesis.Case, who: dict[str, str] | None, sender: int) -> None:
        """Send, and hold the answer to the specification."""
        bearer = gateway.headers(Scope.SEND_DETECTIONS, sender=f"sender {sender}")["Authorization"]
        given = who or {"X-API-Key": bearer.removeprefix("Bearer ")}
        named = {
            name: value
            for name, value in (case.headers or {}).items()
            if name.lower() in ("x-filename", "x-request-id", "x-idempotency-key") and sendable(value)
        }
        answer = gateway.api.client.post("/", content=body_of(case), headers={**named, **given})
        statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
        case.validate_response(answer, checks=CHECKS)

    send()
    print(f"{sum(statuses.values())} cases: {statuses}")  # noqa: T201  # shown by pytest -s
    assert {202, 401, 403} <= statuses.keys() <= {202, 401, 403, 429}
    assert statuses[202] > CASES / 2


def body_of(case: schemathesis.Case) -> bytes:
    """Return the body of a case as bytes."""
    body = case.body
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body).encode()
    except (TypeError, ValueError):
        return repr(body).encode()


def sendable(value: object) -> bool:
    """Tell whether a client can put a value into a header."""
    return isinstance(value, str) and value.isascii() and value.isprintable()
