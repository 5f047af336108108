"""How routes read: who asks, under which role, up to when figures are complete, and what is written down."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, NamedTuple

from fastapi import Depends, Request
from pydantic import BaseModel

from duls.api.access import require_scope
from duls.api.answers import PLACED, Page
from duls.api.parameters import LOCAL, Format, View
from duls.api.parts import ApiParts, Parts
from duls.api.problems import ProblemError
from duls.api.tokens import Caller, Scope
from sinks.api_cells import last_day
from sinks.api_live import complete_through
from sinks.api_zones import shapes
from sinks.connection import Connection
from sinks.reading import Access, ReadRole

ROLES: Final = {View.LIVE: ReadRole.OPERATOR, View.HISTORY: ReadRole.PLANNER}
NEEDED: Final = {View.LIVE: Scope.OPERATOR, View.HISTORY: Scope.PLANNER}


class Question(NamedTuple):
    """A request, and who asks."""

    request: Request
    parts: ApiParts
    caller: Caller

    def view(self, asked: View | None) -> View:
        """Return whose figures are read: those asked for, else live ones where the caller may see them.

        Raises:
            ProblemError: 403, where the caller may not.
        """
        view = asked or (View.LIVE if Scope.OPERATOR in self.caller.scopes else View.HISTORY)
        if NEEDED[view] not in self.caller.scopes:
            detail = f"the view {view.value} needs the scope {NEEDED[view].value}"
            raise ProblemError(HTTPStatus.FORBIDDEN, "scope-missing", detail)
        return view

    def read(self, view: View, action: Callable[[Connection], Page], asked: BaseModel | None) -> Page:
        """Return the page that *action* reads; reads of live figures name what was *asked*, and are written down."""
        access = self._access(asked) if asked is not None and view is View.LIVE else None
        return self.parts.reader.read(ROLES[view], action, access=access)

    def _access(self, asked: BaseModel) -> Access:
        """Return who reads what."""
        parameters: dict[str, Any] = asked.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return Access(self.caller.subject, self.caller.token_id, self.request.url.path, parameters)


def asking(*scopes: Scope) -> Callable[..., Question]:
    """Return a dependency that gives the question of a caller who has any of *scopes*."""

    def dependency(
        request: Request, parts: Parts, caller: Annotated[Caller, Depends(require_scope(*scopes))]
    ) -> Question:
        return Question(request, parts, caller)

    return dependency


Anyone = Annotated[Question, Depends(asking(Scope.OPERATOR, Scope.PLANNER))]
Operator = Annotated[Question, Depends(asking(Scope.OPERATOR))]
Actor = Annotated[Question, Depends(asking(Scope.ACT))]
RuleKeeper = Annotated[Question, Depends(asking(Scope.RULES))]


def shapes_for(connection: Connection, form: Format, zone_ids: list[str]) -> dict[str, str]:
    """Return the geometries of zones, where the form has a place for them."""
    return shapes(connection, zone_ids) if form in PLACED and zone_ids else {}


def freshness(connection: Connection, view: View, feeds: Sequence[str] = ()) -> datetime | None:
    """Return up to when figures are complete.

    Live: what the feeds asked for, or all that have begun, have in common. History: the end of the last published day.
    """
    if view is View.HISTORY:
        day = last_day(connection)
        return None if day is None else datetime.combine(day + timedelta(days=1), datetime.min.time(), LOCAL)
    through = complete_through(connection)
    known = [time for feed, time in through.items() if time is not None and (not feeds or feed in feeds)]
    return min(known, default=None)
