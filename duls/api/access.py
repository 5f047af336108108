"""Who may ask what: a bearer token, or nobody where a setting lets nobody read.

A route that needs a scope depends on `require_scope(...)` and is given the caller:

    def read(caller: Annotated[Caller, Depends(require_scope(Scope.OPERATOR))]) -> Response: ...
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from duls.api.parts import Parts
from duls.api.problems import ProblemError
from duls.api.tokens import Caller, Scope

BEARER: Final = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="A token that `duls token issue` made."
)


def caller_of_request(
    request: Request,
    parts: Parts,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
) -> Caller:
    """Return who sent a request."""
    return parts.gate.caller(
        credentials.credentials if credentials else None, request.headers.get("host", "")
    )


def require_scope(*scopes: Scope) -> Callable[[Caller], Caller]:
    """Return a dependency that lets callers pass who have any of *scopes*, and gives the caller.

    Raises:
        ProblemError: 401 without a valid token, 403 without such a scope.
    """
    names = " or ".join(scope.value for scope in scopes)

    def dependency(caller: Annotated[Caller, Depends(caller_of_request)]) -> Caller:
        if caller.scopes.isdisjoint(scopes):
            detail = f"the token has not the scope {names}"
            raise ProblemError(HTTPStatus.FORBIDDEN, "scope-missing", detail)
        return caller

    return dependency
