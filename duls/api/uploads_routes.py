"""What suppliers push: positions to /v1/positions, and batches of VESDI to the path that its specification names.

The answer says that the broker has everything; what it holds is judged by intake, as if it had come through Kafka.
"""

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from duls.api.access import BEARER
from duls.api.description import PROBLEM
from duls.api.parts import ApiParts, Parts
from duls.api.problems import PROBLEM_TYPE, RETRY_S, ProblemError
from duls.api.upload_body import drain
from duls.api.uploads import DETECTIONS, POSITIONS, Feed, Taken
from duls.logs import tell_defect

POSITIONS_PATH: Final = "/v1/positions"
VESDI_PATH: Final = "/"
UPLOAD_PATHS: Final = frozenset({("POST", POSITIONS_PATH), ("POST", VESDI_PATH)})
"""Their bodies are bounded here, not by the shield."""

KEY_HEADER: Final = "x-idempotency-key"
LONGEST_NAME: Final = 255
COMPANY: Final = "duls"  # who receives, in a receipt
JSON: Final = "application/json"

Answer = Callable[[Request], Awaitable[Response]]


class TakenPositions(msgspec.Struct):
    """The answer to positions."""

    status: str
    bytes: int
    records: int


class Receipt(msgspec.Struct, omit_defaults=True, rename="camel"):
    """The receipt of VESDI."""

    status: str
    company: str
    request_id: str
    timestamp: datetime
    size_bytes: int
    idempotency_key: str | None = None
    filename: str | None = None


class VesdiError(msgspec.Struct):
    """What is wrong, as VESDI says it."""

    code: str
    message: str
    trace_id: str


class VesdiErrorBody(msgspec.Struct):
    """The body of an answer of VESDI that is an error."""

    error: VesdiError


class DrainingRoute(APIRoute):
    """A route that reads a body to its end when it refuses it."""

    def get_route_handler(self) -> Any:
        """Return what answers a request."""
        answer = super().get_route_handler()

        async def drained(request: Request) -> Response:
            """Answer, and read what is left of the body."""
            try:
                return await answer(request)
            except ProblemError:
                await drain(request)
                raise

        return drained


class VesdiRoute(DrainingRoute):
    """A route whose errors have the form of VESDI."""

    def get_route_handler(self) -> Any:
        """Return what answers a request."""
        answer: Answer = super().get_route_handler()

        async def as_vesdi(request: Request) -> Response:
            """Answer in the form that VESDI describes."""
            try:
                return await answer(request)
            except ProblemError as problem:
                return _vesdi_error(request, problem)
            except Exception as error:  # noqa: BLE001  # told as the shield does
                tell_defect(error)
                detail = "this is a defect of ours; the log of the server says where"
                return _vesdi_error(request, ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "defect", detail))

        return as_vesdi


def uploads_router() -> APIRouter:
    """Return the routes by which suppliers push."""
    router = APIRouter()
    described = APIRouter(route_class=DrainingRoute, tags=["uploads"])
    described.add_api_route(
        POSITIONS_PATH,
        send_positions,
        methods=["POST"],
        response_class=Response,
        status_code=HTTPStatus.ACCEPTED,
        dependencies=[Depends(BEARER)],
        responses=_responses(),
        openapi_extra={"requestBody": _body(), "parameters": [_key_parameter()]},
        summary="Send positions: one, an array, or one per line",
    )
    vesdi = APIRouter(route_class=VesdiRoute)
    # described by its own specification
    vesdi.add_api_route(
        VESDI_PATH, send_vesdi, methods=["POST"], response_class=Response, include_in_schema=False
    )
    router.include_router(described)
    router.include_router(vesdi)
    return router


async def send_positions(request: Request, parts: Parts) -> Response:
    """Take positions in any format that the positions topic knows; answer once the broker has all of them.

    The body may be packed with gzip, and has at most 50 MB, unpacked too.
    What cannot be read is counted and listed by `duls dlq`, not told here.
    """
    taken = await _take(request, parts, POSITIONS)
    answer = TakenPositions("accepted", taken.bytes, taken.records)
    return _json(HTTPStatus.ACCEPTED, answer)


async def send_vesdi(request: Request, parts: Parts) -> Response:
    """Take a message of VESDI 2."""
    taken = await _take(request, parts, DETECTIONS)
    headers = request.headers
    receipt = Receipt(
        status="accepted",
        company=COMPANY,
        request_id=_request_id(request),
        timestamp=parts.clock().astimezone(UTC),
        size_bytes=taken.bytes,
        idempotency_key=headers.get(KEY_HEADER) if _key_of(request) else None,
        filename=headers.get("x-filename", "")[:LONGEST_NAME] or None,
    )
    return _json(HTTPStatus.ACCEPTED, receipt)


async def _take(request: Request, parts: ApiParts, feed: Feed) -> Taken:
    """Take an upload."""
    if parts.uploads is None:
        detail = "nothing can be sent: the API was started without kafka.bootstrap_servers"
        headers = {"Retry-After": str(RETRY_S)}
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "no-broker", detail, headers=headers)
    return await parts.uploads.take(request, feed, _key_of(request))


def _request_id(request: Request) -> str:
    """Return the id of a request: its sender's, or one of ours."""
    known: uuid.UUID | None = getattr(request.state, "request_id", None)
    if known is None:
        known = _uuid_of(request.headers.get("x-request-id")) or uuid.uuid4()
        request.state.request_id = known
    return str(known)


def _key_of(request: Request) -> uuid.UUID | None:
    """Return the sender's name of an upload; VESDI has no answer to one that is no UUID, so that counts as none."""
    return _uuid_of(request.headers.get(KEY_HEADER))


def _uuid_of(text: str | None) -> uuid.UUID | None:
    """Return the UUID that a text spells, if it does."""
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None


def _vesdi_error(request: Request, problem: ProblemError) -> Response:
    """Return a problem as VESDI says it; a body that comes too slowly is none that it knows."""
    status = HTTPStatus(problem.status_code)
    if status is HTTPStatus.REQUEST_TIMEOUT:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    body = VesdiErrorBody(VesdiError(problem.name, problem.detail, _request_id(request)))
    return _json(status, body, dict(problem.headers or {}))


def _json(status: HTTPStatus, content: msgspec.Struct, headers: dict[str, str] | None = None) -> Response:
    """Return an answer that nobody keeps."""
    return Response(
        msgspec.json.encode(content), status, {"Cache-Control": "no-store", **(headers or {})}, JSON
    )


def _responses() -> dict[int | str, dict[str, Any]]:
    """Return the description of the answers to positions."""
    told = {
        HTTPStatus.BAD_REQUEST: "The body is not gzip, though its header says so",
        HTTPStatus.UNAUTHORIZED: "A token is needed, or it is not taken",
        HTTPStatus.FORBIDDEN: "The token has not the scope send-positions",
        HTTPStatus.REQUEST_TIMEOUT: "The body comes too slowly",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 50 MB, or cannot be divided",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is packed in a way that is not known",
        HTTPStatus.TOO_MANY_REQUESTS: "Too much waits for the broker: send it again after Retry-After",
        HTTPStatus.SERVICE_UNAVAILABLE: "The broker is away: send it again after Retry-After",
    }
    content = {PROBLEM_TYPE: {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}}
    schema = {
        "type": "object",
        "properties": {
            "status": {"const": "accepted"},
            "bytes": {"type": "integer", "description": "Of the body, as it came."},
            "records": {"type": "integer", "description": "Records that it became; 0 for a repeat."},
        },
        "required": ["status", "bytes", "records"],
        "additionalProperties": False,
    }
    example = {"status": "accepted", "bytes": 96, "records": 1}
    taken = {
        "description": "The broker has all of it",
        "content": {JSON: {"schema": schema, "example": example}},
    }
    answers: dict[int | str, dict[str, Any]] = {int(HTTPStatus.ACCEPTED): taken}
    for status, meaning in told.items():
        answers[int(status)] = {"description": meaning, "content": content}
    return answers


def _body() -> dict[str, Any]:
    """Return the description of the body of positions."""
    position = {"vehicle": "NL:VB-123-K", "time": "2026-11-23T07:12:15.120Z", "lat": 52.0907, "lon": 5.1214}
    schema = {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "object"}}]}
    lines = {"schema": {"type": "string"}}
    return {
        "required": True,
        "description": "Positions in any format of duls.fms.position.v1.",
        "content": {
            JSON: {"schema": schema, "examples": {"one": {"value": position}}},
            "application/x-ndjson": lines,
        },
    }


def _key_parameter() -> dict[str, Any]:
    """Return the description of the header that names an upload."""
    return {
        "name": "X-Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Name of the upload; one that is sent again within seven days is not sent on again.",
        "schema": {"type": "string", "format": "uuid"},
    }
