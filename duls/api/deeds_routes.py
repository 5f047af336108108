"""/v1/alerts/{alert_id}/… and /v1/zones/{zone_id}/…: what operators do about alerts and zones.

A deed goes the way of `duls alerts`: through the topic of actions to the process that watches the zone, which writes
down who did what. An answer waits a moment for what comes of it.
"""

import uuid
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from duls.api.deeds import AlertDeeds, Deed, DeedOutcome
from duls.api.description import Responses, examples_for, one_of, problems
from duls.api.parameters import Instant, Note, Text
from duls.api.problems import ProblemError
from duls.api.reading import Actor, Question
from duls.api.tokens import Caller
from duls.errors import InvalidInputError, ServiceAwayError
from sinks.api_live import Whereabouts, alert_whereabouts, zone_whereabouts
from sinks.reading import Access, ReadRole

NOBODY: Final = "anonymous"  # on this machine, where a setting lets nobody act
RETRY: Final = {"Retry-After": "5"}
DEED_SPACE: Final = uuid.UUID("5f1c0b3e-7d0e-4c55-9f0c-0f1b8c1a2d37")
REFUSALS: Final = {
    "no_such_alert": "the alert is over",
    "no_such_zone": "the zone is gone",
    "already_done": "somebody did so already",
    "no_reason": "a reason is needed",
    "not_later": "it would end before it begins",
}
STATUSES: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)

AlertId = Annotated[Text, Path(description="Id of an alert that runs.", examples=["5b1e0c7a9f"])]
ZoneId = Annotated[Text, Path(description="Id of a zone.", examples=["binnenstad"])]
Repeat = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="The same key with the same request again is the same deed.",
    ),
]


class _Asked(BaseModel):
    """The body of a deed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Acknowledgement(_Asked):
    """Somebody takes an alert on."""

    note: Note | None = Field(None, description="What others should know.", examples=["Patrol sent"])


class Snooze(_Asked):
    """Nobody is to be told of an alert for a while."""

    until: Instant = Field(description="Until when.", examples=["2026-11-23T09:00:00+01:00"])
    note: Note | None = Field(None, description="What others should know.", examples=["Lorry is leaving"])


class Resolution(_Asked):
    """An alert is over."""

    note: Note = Field(description="Why it is over.", examples=["Counted wrongly: the street is empty"])


class Silence(_Asked):
    """Nobody is to be told of a zone, for planned works."""

    start: Instant | None = Field(
        None, alias="from", description="From when; now when absent.", examples=["2026-11-23T07:00:00+01:00"]
    )
    until: Instant = Field(description="Until when.", examples=["2026-11-23T17:00:00+01:00"])
    note: Note | None = Field(None, description="Why.", examples=["Sewer works"])


class Unsilence(_Asked):
    """A silence ends."""

    note: Note | None = Field(None, description="Why.", examples=["Works are done"])


class DeedDone(BaseModel):
    """A deed that took effect, or that waits for an alert process."""

    action_id: uuid.UUID = Field(
        description="Of the deed, in the log.", examples=["0f0c2b56-4d0a-5b7e-8f57-7d4e1d6f1a11"]
    )
    kind: str = Field(description="What was done.", examples=["acknowledge"])
    by: str = Field(description="Who did it.", examples=["control room"])
    at: Instant = Field(description="When.", examples=["2026-11-23T07:15:00.000000+01:00"])
    status: Literal["done", "waiting"] = Field(
        description="`waiting`: no alert process has handled it yet; it takes effect once one does.",
        examples=["done"],
    )


def deeds_router() -> APIRouter:
    """Return the routes of deeds."""
    router = APIRouter(prefix="/v1", tags=["deeds"])
    for path, route, summary in (
        ("/alerts/{alert_id}/acknowledge", acknowledge, "Take an alert on"),
        ("/alerts/{alert_id}/snooze", snooze, "Tell nobody of an alert for a while"),
        ("/alerts/{alert_id}/resolve", resolve, "End an alert by hand"),
        ("/zones/{zone_id}/silence", silence, "Tell nobody of a zone, for planned works"),
        ("/zones/{zone_id}/unsilence", unsilence, "End the silence of a zone"),
    ):
        router.add_api_route(
            path,
            route,
            methods=["POST"],
            response_model=DeedDone,
            responses=_described(),
            summary=summary,
        )
    return router


def acknowledge(
    question: Actor,
    response: Response,
    alert_id: AlertId,
    body: Annotated[Acknowledgement, Body(openapi_examples=examples_for(Acknowledgement))],
    key: Repeat = None,
) -> DeedDone:
    """Take an alert on: it goes on, and nobody is paged for it any more."""
    deed = Deed("acknowledge", _who(question.caller), alert_id=alert_id, note=body.note)
    return _done(question, response, deed, key)


def snooze(
    question: Actor,
    response: Response,
    alert_id: AlertId,
    body: Annotated[Snooze, Body(openapi_examples=examples_for(Snooze))],
    key: Repeat = None,
) -> DeedDone:
    """Let nobody be told of an alert until a time, a year from now at most."""
    deed = Deed("snooze", _who(question.caller), alert_id=alert_id, note=body.note, until=body.until)
    return _done(question, response, deed, key)


def resolve(
    question: Actor,
    response: Response,
    alert_id: AlertId,
    body: Annotated[Resolution, Body(openapi_examples=examples_for(Resolution))],
    key: Repeat = None,
) -> DeedDone:
    """End an alert by hand; its rule fires again once the count was low in between, or after an hour."""
    deed = Deed("resolve", _who(question.caller), alert_id=alert_id, note=body.note)
    return _done(question, response, deed, key)


def silence(
    question: Actor,
    response: Response,
    zone_id: ZoneId,
    body: Annotated[Silence, Body(openapi_examples=examples_for(Silence))],
    key: Repeat = None,
) -> DeedDone:
    """Let nobody be told of a zone; its alerts are kept and shown."""
    deed = Deed(
        "silence",
        _who(question.caller),
        zone_id=zone_id,
        note=body.note,
        start=body.start,
        until=body.until,
    )
    return _done(question, response, deed, key)


def unsilence(
    question: Actor,
    response: Response,
    zone_id: ZoneId,
    body: Annotated[Unsilence, Body(openapi_examples=examples_for(Unsilence))],
    key: Repeat = None,
) -> DeedDone:
    """End the silences of a zone that run or are to come."""
    deed = Deed("unsilence", _who(question.caller), zone_id=zone_id, note=body.note)
    return _done(question, response, deed, key)


def _done(question: Question, response: Response, deed: Deed, key: str | None) -> DeedDone:
    """Do what the caller may, and answer with what came of it."""
    deeds = _deeds(question)
    _check_place(question, deed)
    at, action_id = question.parts.clock(), _action_id(deed, key)
    try:
        outcome = deeds.do(deed, action_id, at)
    except InvalidInputError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-deed", str(error)) from error
    except ServiceAwayError as error:
        detail = "the broker does not take it: try again"
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE, "broker-away", detail, headers=dict(RETRY)
        ) from error
    _check_refusal(outcome)
    response.headers["Cache-Control"] = "no-store"
    if not outcome.is_handled:
        response.status_code = HTTPStatus.ACCEPTED
    status: Literal["done", "waiting"] = "done" if outcome.is_handled else "waiting"
    return DeedDone(action_id=action_id, kind=deed.kind, by=deed.by, at=at, status=status)


def _deeds(question: Question) -> AlertDeeds:
    """Return what does deeds."""
    deeds = question.parts.deeds
    if deeds is None:
        detail = "kafka.bootstrap_servers is not set, so nothing can be done about alerts here"
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "no-broker", detail)
    return deeds


def _check_place(question: Question, deed: Deed) -> None:
    """Refuse what is about an alert or a zone that there is not, or not for this caller; write down who asked."""
    caller, alert_id, zone_id = question.caller, deed.alert_id, deed.zone_id
    access = Access(caller.subject, caller.token_id, question.request.url.path, {"kind": deed.kind})

    def look(connection: Any) -> list[Whereabouts]:
        if alert_id is not None:
            return alert_whereabouts(connection, alert_id)
        return zone_whereabouts(connection, zone_id or "")

    found = question.parts.reader.read(ReadRole.OPERATOR, look, access=access)
    granted = caller.municipalities
    if not found or (granted is not None and found[0].municipality not in granted):
        what = "zone" if alert_id is None else "alert"
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no-such-{what}", f"no {what} has this id")
    if found[0].is_over:
        raise ProblemError(HTTPStatus.CONFLICT, "alert-over", "the alert is over")


def _check_refusal(outcome: DeedOutcome) -> None:
    """Say why a deed changed nothing."""
    if outcome.refusal is not None:
        name = outcome.refusal.replace("_", "-")
        detail = REFUSALS.get(outcome.refusal, "it changed nothing")
        raise ProblemError(HTTPStatus.CONFLICT, name, detail)


def _who(caller: Caller) -> str:
    """Return who does it, for the log."""
    return caller.subject or NOBODY


def _action_id(deed: Deed, key: str | None) -> uuid.UUID:
    """Return the id of a deed: a new one, or that of the same request with the same key before."""
    if key is None:
        return uuid.uuid4()
    return uuid.uuid5(DEED_SPACE, repr((deed.by, deed.kind, deed.alert_id, deed.zone_id, key)))


def _described() -> Responses:
    """Return the description of what a deed is answered with."""
    waiting: Responses = {
        int(HTTPStatus.ACCEPTED): {
            "model": DeedDone,
            "description": "No alert process has handled it yet: it waits, and takes effect once one does",
        }
    }
    return one_of(DeedDone, "It took effect") | waiting | problems(*STATUSES)
