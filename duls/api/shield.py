"""What every request passes before and after the application: bounds, security headers, the RED metrics.

A plain ASGI callable around the whole application, so that its own error answers are covered too.
"""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duls.api.problems import ProblemError, problem_response
from duls.logs import tell_defect
from duls.metrics import Metrics

BODY_BYTES: Final = 64 * 1024  # nothing that we take is larger, but
RULES_BYTES: Final = 2 * 1024 * 1024  # the rules of a city
RULES_PATH: Final = "/v1/rules"
BODY_S: Final = 5.0  # a body comes within this
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BODILESS_METHODS: Final = frozenset({"GET", "HEAD"})

# everything comes from this host: an answer never sends a browser to another one
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Final = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("server", "duls"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)


class Shield:
    """Guards an application.

    Args:
        application: what is guarded.
        metrics: where requests are counted.
        own_bounds: methods and paths that bound their bodies themselves.
        clock: seconds of a monotonic clock.
    """

    def __init__(
        self,
        application: ASGIApp,
        metrics: Metrics,
        *,
        own_bounds: frozenset[tuple[str, str]] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._metrics = metrics
        self._own_bounds = own_bounds
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        begun_s = self._clock()
        sender = _Sender(send)
        self._metrics.http_requests_open.inc()
        try:
            await self._guarded(scope, receive, sender)
        finally:
            self._metrics.http_requests_open.dec()
            self._count(scope, sender.status, self._clock() - begun_s)

    async def _guarded(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        """Run the application; whatever it lets out is logged, and answered while that is possible."""
        try:
            is_bounded = (scope["method"], scope["path"]) in self._own_bounds
            if scope["method"] not in BODILESS_METHODS and not is_bounded:
                most = RULES_BYTES if scope["path"] == RULES_PATH else BODY_BYTES
                receive = _bounded(receive, _announced_bytes(scope), most)
            await self._application(scope, receive, sender)
        except ProblemError as problem:
            answer = problem_response(
                problem.status_code, problem.name, problem.detail, headers=dict(problem.headers or {})
            )
            await answer(scope, receive, sender)
        except Exception as error:  # noqa: BLE001  # the last door; the application has answered that there is a defect
            tell_defect(error)

    def _count(self, scope: Scope, status: int, duration_s: float) -> None:
        """Count a finished request under its route, not its path: paths are endless."""
        route = getattr(scope.get("route"), "path", "none")
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
        self._metrics.http_requests_total.labels(method, route, str(status)).inc()
        self._metrics.http_request_seconds.labels(route).observe(duration_s)


class _Sender:
    """Sends an answer on with the security headers, and knows its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0  # none was sent: the client went away

    async def __call__(self, message: Message) -> None:
        """Send one message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS:
                headers.setdefault(name, value)
        await self._send(message)


def _announced_bytes(scope: Scope) -> int:
    """Return the length that the headers give the body; 0 where they say nothing."""
    text = Headers(scope=scope).get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _bounded(receive: Receive, announced: int, most: int) -> Receive:
    """Return a *receive* that raises ProblemError for a body that is too large or comes too slowly."""
    if announced > most:
        raise _too_large(most)
    end_s = time.monotonic() + BODY_S
    left, is_complete = most, False

    async def bounded() -> Message:
        nonlocal left, is_complete
        if is_complete:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), max(0.0, end_s - time.monotonic()))
        except TimeoutError:
            raise _too_slow() from None
        left -= len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if left < 0:
            raise _too_large(most)
        return message

    return bounded


def _too_large(most: int) -> ProblemError:
    """Return the problem of a body that is too large; what is left of it is not read, so the connection ends."""
    detail = f"a body has at most {most} bytes"
    closing = {"Connection": "close"}
    return ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content-too-large", detail, headers=closing)


def _too_slow() -> ProblemError:
    """Return the problem of a body that comes too slowly."""
    detail = f"a body comes within {BODY_S:g} s"
    return ProblemError(HTTPStatus.REQUEST_TIMEOUT, "too-slow-body", detail, headers={"Connection": "close"})
