"""/healthz, /readyz and /metrics of the API itself: the same answers as of the other roles."""

from http import HTTPStatus
from typing import Any

import anyio
import anyio.to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from duls.api.health import METRICS_TYPE
from duls.api.parts import Parts


class Health(BaseModel):
    """The process lives."""

    status: str = Field(examples=["ok"])


class Readiness(BaseModel):
    """Whether the process works, and why not."""

    ready: bool
    reasons: list[str] = Field(examples=[["the database does not answer"]])


def vitals_router() -> APIRouter:
    """Return the routes of a process that tells how it does."""
    router = APIRouter(tags=["health"])
    router.add_api_route("/healthz", _healthz, summary="The process lives")
    router.add_api_route(
        "/readyz",
        _Readyz().answer,
        response_model=Readiness,
        responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": Readiness, "description": "It does not work"}},
        summary="The process works, or why not",
    )
    text: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
    router.add_api_route(
        "/metrics",
        _metrics,
        response_class=Response,
        responses=text,
        summary="Metrics for Prometheus",
    )
    return router


async def _healthz(response: Response) -> Health:
    """Answer while the event loop runs."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok")


class _Readyz:
    """Asks in a thread of its own, so that busy routes do not make the process look broken."""

    def __init__(self) -> None:
        self._limiter = anyio.CapacityLimiter(1)

    async def answer(self, parts: Parts, response: Response) -> Readiness:
        """Answer 200 when the process works, else 503 with the reasons."""
        reasons = list(await anyio.to_thread.run_sync(parts.vitals.not_ready, limiter=self._limiter))
        response.headers["Cache-Control"] = "no-store"
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        return Readiness(ready=not reasons, reasons=reasons)


async def _metrics(parts: Parts) -> Response:
    """Answer with all values in the text format."""
    return Response(parts.vitals.exposition(), headers={"Cache-Control": "no-store"}, media_type=METRICS_TYPE)
