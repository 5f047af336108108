"""/v1/grants: whose positions may be taken, for what, where and when; who granted and revoked is kept."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from duls.api.access import require_scope
from duls.api.description import example_of, examples_for, one_of, problems
from duls.api.parameters import LOCAL, Instant, Note, Text, in_bounds
from duls.api.parts import Parts
from duls.api.problems import ProblemError
from duls.api.tokens import Caller, Scope
from duls.errors import InvalidInputError
from sinks.grants import NewGrant, StoredGrant, add_grant, all_grants, revoke_grant

NOBODY: Final = "anonymous"
TOO_SHORT: Final = "a grant must end after it begins"
NAMELESS: Final = "a grant needs a carrier and a purpose"
NOWHERE: Final = "it names a zone that was never loaded"
STATUSES: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)


def _steward(caller: Annotated[Caller, Depends(require_scope(Scope.GRANTS))]) -> Caller:
    """Return a caller who may see and change grants, which are about the whole city."""
    if caller.municipalities is not None:
        detail = "grants are about the whole city, and the token is for some municipalities only"
        raise ProblemError(HTTPStatus.FORBIDDEN, "not-everywhere", detail)
    return caller


Steward = Annotated[Caller, Depends(_steward)]
GrantId = Annotated[
    uuid.UUID, Path(description="Id of a grant.", examples=["0f0c2b56-4d0a-5b7e-8f57-7d4e1d6f1a11"])
]


class GrantAsked(BaseModel):
    """What a carrier grants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    carrier: Text = Field(
        min_length=1, description="Its name, as its positions have it.", examples=["carrier-x"]
    )
    purpose: Text = Field(
        min_length=1, description="What for, as intake.purpose names it.", examples=["zero emission zones"]
    )
    zones: list[Text] | None = Field(
        None,
        min_length=1,
        max_length=1_000,
        description="Ids of zones; everywhere when absent.",
        examples=[["binnenstad"]],
    )
    start: Instant | None = Field(
        None,
        alias="from",
        description="Time of the first position; now when absent.",
        examples=["2026-11-23T00:00:00+01:00"],
    )
    until: Instant | None = Field(
        None,
        description="Positions of this time on are not taken; no end when absent.",
        examples=["2027-11-23T00:00:00+01:00"],
    )
    note: Note | None = Field(
        None, description="Why, or where the agreement is.", examples=["Agreement 2026-17"]
    )


class GrantTold(BaseModel):
    """A grant as it stands."""

    grant_id: uuid.UUID = Field(description="Id.", examples=["0f0c2b56-4d0a-5b7e-8f57-7d4e1d6f1a11"])
    carrier: str = Field(description="Name of the carrier.", examples=["carrier-x"])
    purpose: str = Field(description="What for.", examples=["zero emission zones"])
    zones: list[str] | None = Field(
        description="Ids of zones; null is everywhere.", examples=[["binnenstad"]]
    )
    valid_from: datetime = Field(description="From when.", examples=["2026-11-23T00:00:00+01:00"])
    valid_until: datetime | None = Field(description="Until when.", examples=["2027-11-23T00:00:00+01:00"])
    granted_at: datetime = Field(
        description="When it was written down.", examples=["2026-11-20T09:00:00+01:00"]
    )
    granted_by: str = Field(description="By whom.", examples=["data steward"])
    note: str | None = Field(description="Why.", examples=["Agreement 2026-17"])
    revoked_at: datetime | None = Field(
        description="When it was revoked; null while it was not.", examples=["2026-12-01T09:00:00+01:00"]
    )
    revoked_by: str | None = Field(description="By whom.", examples=["data steward"])


class Grants(BaseModel):
    """All grants, revoked ones too."""

    items: list[GrantTold] = Field(description="The newest first.", examples=[[example_of(GrantTold)]])


def grants_router() -> APIRouter:
    """Return the routes of grants."""
    router = APIRouter(prefix="/v1", tags=["grants"])
    router.add_api_route(
        "/grants",
        read_grants,
        response_model=Grants,
        responses=one_of(Grants, "All grants") | problems(*STATUSES),
        summary="Whose positions may be taken",
    )
    router.add_api_route(
        "/grants",
        write_grant,
        methods=["POST"],
        response_model=GrantTold,
        responses=one_of(GrantTold, "It is taken by within 10 s") | problems(*STATUSES),
        summary="Write down what a carrier grants",
    )
    router.add_api_route(
        "/grants/{grant_id}",
        end_grant,
        methods=["DELETE"],
        response_model=GrantTold,
        responses=one_of(GrantTold, "Nothing is taken by it within 10 s")
        | problems(*STATUSES, HTTPStatus.NOT_FOUND),
        summary="Revoke a grant",
    )
    return router


def read_grants(caller: Steward, parts: Parts, response: Response) -> Grants:
    """Answer with all grants, those that were revoked too, the newest first."""
    del caller
    response.headers["Cache-Control"] = "no-store"
    return Grants(items=[_told(grant) for grant in parts.reader.as_login(all_grants)])


def write_grant(
    caller: Steward,
    parts: Parts,
    response: Response,
    body: Annotated[GrantAsked, Body(openapi_examples=examples_for(GrantAsked))],
) -> GrantTold:
    """Write down that a carrier grants its positions for a purpose, in some zones or everywhere."""
    start, until = in_bounds(body.start) or parts.clock(), in_bounds(body.until)
    if until is not None and until <= start:
        raise _unusable(TOO_SHORT)
    grant = NewGrant(
        uuid.uuid4(),
        body.carrier.strip(),
        body.purpose.strip(),
        None if body.zones is None else sorted(set(body.zones)),
        start,
        until,
        caller.subject or NOBODY,
        body.note,
    )
    if not grant.carrier or not grant.purpose:
        raise _unusable(NAMELESS)
    response.headers["Cache-Control"] = "no-store"
    try:
        return _told(parts.reader.as_login(lambda connection: add_grant(connection, grant)))
    except InvalidInputError:
        raise _unusable(NOWHERE) from None


def end_grant(caller: Steward, parts: Parts, response: Response, grant_id: GrantId) -> GrantTold:
    """Revoke a grant; one that is revoked stays as it is."""
    by = caller.subject or NOBODY
    response.headers["Cache-Control"] = "no-store"
    try:
        return _told(
            parts.reader.as_login(lambda connection: revoke_grant(connection, grant_id, by=by, note=None))
        )
    except InvalidInputError:
        raise ProblemError(HTTPStatus.NOT_FOUND, "no-such-grant", "there is no such grant") from None


def _unusable(detail: str) -> ProblemError:
    """Return the problem of a grant that cannot be."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-grant", detail)


def _told(grant: StoredGrant) -> GrantTold:
    """Return a grant in local time."""
    return GrantTold(
        grant_id=grant.grant_id,
        carrier=grant.carrier,
        purpose=grant.purpose,
        zones=grant.zone_ids,
        valid_from=grant.valid_from.astimezone(LOCAL),
        valid_until=grant.valid_until and grant.valid_until.astimezone(LOCAL),
        granted_at=grant.granted_at.astimezone(LOCAL),
        granted_by=grant.granted_by,
        note=grant.note,
        revoked_at=grant.revoked_at and grant.revoked_at.astimezone(LOCAL),
        revoked_by=grant.revoked_by,
    )
