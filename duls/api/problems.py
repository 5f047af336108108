"""What an answer says when there is nothing to answer: RFC 9457 `application/problem+json`, always.

A problem never quotes what the client sent, nor what the database said.
"""

from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from duls.errors import BusyError, ServiceAwayError, SlowQueryError

PROBLEM_TYPE: Final = "application/problem+json"
RETRY_S: Final = 5

log = structlog.get_logger()


class WrongParameter(msgspec.Struct, frozen=True):
    """One parameter that cannot be used."""

    parameter: str
    reason: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an answer that is a problem."""

    type: str  # urn:duls:problem:NAME
    title: str
    status: int
    detail: str
    errors: list[WrongParameter] = []


class ProblemError(HTTPException):
    """Raised by a route to answer with a problem; the framework lets it through wherever it is raised.

    Args:
        status: of the answer.
        name: last part of the problem's type, for machines.
        detail: a sentence for people: what, and what to do.
        headers: sent with it.
    """

    def __init__(
        self, status: HTTPStatus, name: str, detail: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.name = name


class WrongParametersError(ProblemError):
    """Raised by a route to say what is wrong with a document, part by part."""

    def __init__(self, name: str, errors: list[WrongParameter]) -> None:
        detail = "the document cannot be used; errors says what is wrong and why"
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, name, detail)
        self.errors = errors


def problem_response(
    status: int,
    name: str,
    detail: str,
    *,
    errors: list[WrongParameter] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Return an answer that is a problem."""
    problem = Problem(f"urn:duls:problem:{name}", HTTPStatus(status).phrase, status, detail, errors or [])
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(msgspec.json.encode(problem), status, kept, PROBLEM_TYPE)


def add_problem_handlers(application: FastAPI) -> None:
    """Turn every error of a route into a problem."""
    application.add_exception_handler(ProblemError, _of_route)
    application.add_exception_handler(HTTPException, _of_framework)
    application.add_exception_handler(RequestValidationError, _of_parameters)
    application.add_exception_handler(ServiceAwayError, _of_database)
    application.add_exception_handler(Exception, _of_defect)


def _of_route(_request: Request, error: Any) -> Response:
    """Answer with the problem that a route raised."""
    errors = error.errors if isinstance(error, WrongParametersError) else None
    return problem_response(error.status_code, error.name, error.detail, errors=errors, headers=error.headers)


def _of_framework(_request: Request, error: Any) -> Response:
    """Answer what the framework refuses: no such path, no such method, a body that it cannot read."""
    if error.status_code == HTTPStatus.BAD_REQUEST:  # no JSON is a wrong parameter to it, but no UTF-8 is not
        detail = "the body cannot be used: it must be JSON in UTF-8"
        return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-parameter", detail)
    name = HTTPStatus(error.status_code).name.lower().replace("_", "-")
    details = {
        HTTPStatus.NOT_FOUND: "there is nothing at this path; /openapi.json lists what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: "this path does not know the method; Allow says which it knows",
    }
    detail = details.get(HTTPStatus(error.status_code), "the request cannot be answered")
    return problem_response(error.status_code, name, detail, headers=error.headers)


def _of_parameters(_request: Request, error: Any) -> Response:
    """Say which parameters are wrong and why, but not what was sent."""
    errors = [
        WrongParameter(".".join(str(part) for part in wrong["loc"][1:]), _reason(wrong))
        for wrong in error.errors()
    ]
    detail = "a parameter cannot be used; errors says which and why"
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-parameter", detail, errors=errors)


def _reason(wrong: dict[str, Any]) -> str:
    """Return the reason of one wrong parameter in our words."""
    if wrong["type"] == "extra_forbidden":
        return "is no parameter of this path"
    return str(wrong["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")


def _of_database(_request: Request, error: Any) -> Response:
    """Tell apart a query that was too slow, a busy pool and a database that is away."""
    headers = {"Retry-After": str(RETRY_S)}
    if isinstance(error, SlowQueryError):
        detail = "the query takes too long: ask for a shorter period, fewer zones or a coarser bucket"
        return problem_response(HTTPStatus.GATEWAY_TIMEOUT, "too-slow", detail)
    if isinstance(error, BusyError):
        detail = "too many queries at this moment: try again"
        return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail, headers=headers)
    log.warning("the database is away", reason=str(error))
    detail = "the database does not answer: try again"
    return problem_response(HTTPStatus.SERVICE_UNAVAILABLE, "database-away", detail, headers=headers)


def _of_defect(_request: Request, _error: Any) -> Response:
    """Admit a defect; the shield logs where it is."""
    detail = "this is a defect of ours; the log of the server says where"
    return problem_response(HTTPStatus.INTERNAL_SERVER_ERROR, "defect", detail)
