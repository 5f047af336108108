"""/v1/rules: the rules of overload alerts, whole; what is put is in force within seconds."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, Field

from duls.api.deeds import RuleBook, RulesInForce, RuleWish
from duls.api.deeds_routes import NOBODY
from duls.api.description import example_of, one_of, problems
from duls.api.parameters import LOCAL, Note
from duls.api.problems import ProblemError, WrongParameter, WrongParametersError
from duls.api.reading import Operator, Question, RuleKeeper
from duls.errors import RefusedError, RulesRefusedError
from processors.overload.document_fields import RuleProblem

RULE_EXAMPLE: Final[dict[str, Any]] = {
    "calendars": {"market": ["2026-12-05", "2026-12-12"]},
    "rules": [
        {
            "id": "loading-trucks",
            "kind": "loading_zone",
            "classes": "trucks",
            "measure": "present_and_silent",
            "capacity": "zone",
            "windows": [{"days": ["mon-fri"], "from": "07:00", "to": "11:00"}],
        }
    ],
}
READ_STATUSES: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
PUT_STATUSES: Final = (*READ_STATUSES, HTTPStatus.CONFLICT)

Limit = Annotated[int, Query(ge=1, le=1_000, description="Most versions of the answer, the newest first.")]
Mode = Annotated[
    Literal["replace", "merge"],
    Query(
        description="`replace` takes the place of all rules, `merge` changes those that it names and adds."
    ),
]
After = Annotated[
    int | None,
    Query(
        ge=0,
        le=2_000_000_000,
        description="Version that these rules were made from: refused where another came in between.",
    ),
]
Why = Annotated[Note | None, Query(description="Why, for the log.")]


class RulesAnswer(BaseModel):
    """The rules in force."""

    version: int = Field(description="0 before any were stored.", examples=[3])
    rules: list[dict[str, Any]] = Field(
        description="As `docs/overload.md` says.", examples=[RULE_EXAMPLE["rules"]]
    )
    calendars: dict[str, list[str]] = Field(
        description="Dates by name of the calendar.", examples=[RULE_EXAMPLE["calendars"]]
    )


class RulesPut(BaseModel):
    """What became of rules that were put."""

    version: int = Field(description="In force within 5 s.", examples=[4])
    is_new: bool = Field(description="False where they say what the newest version says.", examples=[True])
    changes: dict[str, str] = Field(
        description="added, changed or removed, by rule or calendar.", examples=[{"loading-trucks": "added"}]
    )
    warnings: list[str] = Field(description="What cannot hold for the zones that there are.", examples=[[]])


class RulesLogLine(BaseModel):
    """A version of the rules."""

    version: int = Field(description="Version.", examples=[4])
    stored_by: str = Field(description="Who stored it.", examples=["control room"])
    stored_at: datetime = Field(description="When.", examples=["2026-11-23T07:15:00.000000+01:00"])
    note: str | None = Field(description="Why.", examples=["market days"])
    changes: dict[str, str] = Field(
        description="added, changed or removed, by rule or calendar.", examples=[{"loading-trucks": "added"}]
    )


class RulesLog(BaseModel):
    """Who changed the rules."""

    items: list[RulesLogLine] = Field(
        description="Versions, the newest first.", examples=[[example_of(RulesLogLine)]]
    )


def rules_router() -> APIRouter:
    """Return the routes of rules."""
    router = APIRouter(prefix="/v1", tags=["rules"])
    router.add_api_route(
        "/rules",
        read_rules,
        response_model=RulesAnswer,
        responses=one_of(RulesAnswer, "The rules") | problems(*READ_STATUSES),
        summary="The rules in force",
    )
    router.add_api_route(
        "/rules",
        put_rules,
        methods=["PUT"],
        response_model=RulesPut,
        responses=one_of(RulesPut, "They are in force, or were already") | problems(*PUT_STATUSES),
        summary="Put rules in force",
    )
    router.add_api_route(
        "/rules/log",
        read_log,
        response_model=RulesLog,
        responses=one_of(RulesLog, "The log") | problems(*READ_STATUSES),
        summary="Who changed the rules, when and why",
    )
    return router


def read_rules(question: Operator, response: Response) -> RulesAnswer:
    """Answer with the rules in force, whole, as `duls rules load` takes them."""
    current: RulesInForce = _book(question).current()
    response.headers["Cache-Control"] = "no-store"
    return RulesAnswer(version=current.version, **current.document)


def put_rules(
    question: RuleKeeper,
    response: Response,
    document: Annotated[dict[str, Any], Body(openapi_examples={"rules": {"value": RULE_EXAMPLE}})],
    mode: Mode = "replace",
    after: After = None,
    note: Why = None,
) -> RulesPut:
    """Put rules in force, or refuse them with every problem.

    Running alerts of rules that stay go on.
    Rules are about the whole city, so a token for some municipalities only is not enough.
    """
    if question.caller.municipalities is not None:
        detail = "rules are about the whole city, and the token is for some municipalities only"
        raise ProblemError(HTTPStatus.FORBIDDEN, "not-everywhere", detail)
    wish = RuleWish(document, question.caller.subject or NOBODY, mode, after, note)
    try:
        change = _book(question).put(wish)
    except RulesRefusedError as error:
        name = "wrong-rules"
        raise WrongParametersError(name, _errors(error)) from error
    except RefusedError as error:
        raise ProblemError(HTTPStatus.CONFLICT, "other-version", str(error)) from error
    response.headers["Cache-Control"] = "no-store"
    return RulesPut(
        version=change.version,
        is_new=change.is_new,
        changes=dict(change.changes),
        warnings=list(change.warnings),
    )


def read_log(question: Operator, response: Response, limit: Limit = 20) -> RulesLog:
    """Answer with the versions of the rules, the newest first."""
    response.headers["Cache-Control"] = "no-store"
    lines = _book(question).log(limit)
    return RulesLog(
        items=[
            RulesLogLine(
                version=line.version,
                stored_by=line.stored_by,
                stored_at=line.stored_at.astimezone(LOCAL),
                note=line.note,
                changes=dict(line.changes),
            )
            for line in lines
        ]
    )


def _book(question: Question) -> RuleBook:
    """Return what keeps the rules."""
    book = question.parts.rules
    if book is None:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "no-rules", "no rules are kept here")
    return book


def _errors(error: RulesRefusedError) -> list[WrongParameter]:
    """Return what is wrong with rules, by rule and field."""
    problems_found = [found for found in error.problems if isinstance(found, RuleProblem)]
    return [
        WrongParameter(".".join(part for part in (found.rule, found.field) if part), found.message)
        for found in problems_found
    ]
