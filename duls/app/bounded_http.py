"""Requests over HTTP that end within a while, whatever the other side does.

The limits of httpx hold for each read, so a server that sends a byte now and then holds a request for ever. Here the
limit holds for all of it, from the look-up of the name to the last header; of the content, which nobody needs, nothing
is read.
"""

import asyncio
import ssl
from functools import cache
from typing import Any, Final

import httpx

from duls.app.name_lookups import Addresses, NameLookups, Question

ANSWER_S: Final = 5.0


def ask(method: str, url: str, **what: Any) -> httpx.Response:
    """Send a request to where it says and nowhere else; return the head of the answer.

    Args:
        method: of the request.
        url: where it goes.
        what: headers and content, as httpx takes them.

    Raises:
        httpx.RequestError: no answer, or not within `ANSWER_S`.
        httpx.InvalidURL: the address is none.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(_ask(method, url, what))


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that does not wait for a look-up when it ends."""

    async def getaddrinfo(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002  # its name in asyncio
        proto: int = 0,
        flags: int = 0,
    ) -> Addresses:
        """Look up a name, as asyncio does."""
        question = Question(host, port, family, type, proto, flags)
        return await asyncio.wrap_future(_lookups().look_up(question), loop=self)


async def _ask(method: str, url: str, what: dict[str, Any]) -> httpx.Response:
    """Send it, and wait for the head of the answer."""
    async with httpx.AsyncClient(verify=_trusted(), timeout=ANSWER_S, follow_redirects=False) as client:
        try:
            async with asyncio.timeout(ANSWER_S), client.stream(method, url, **what) as answer:
                return answer
        except TimeoutError as error:
            message = f"no whole answer within {ANSWER_S:.0f} s"
            raise httpx.ReadTimeout(message) from error


@cache
def _trusted() -> ssl.SSLContext:
    """Return the authorities that are trusted; to read them takes longer than a request."""
    return httpx.create_ssl_context()


@cache
def _lookups() -> NameLookups:
    """Return the look-ups of this process: those that hang are waited for together."""
    return NameLookups()
