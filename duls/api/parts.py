"""What routes work with, built by the application and found through the request."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, NamedTuple, cast

from fastapi import Depends, Request

from duls.api.deeds import AlertDeeds, RuleBook
from duls.api.gate import Gate
from duls.api.health import Vitals
from duls.api.live_hub import LiveHub
from duls.api.uploads import Uploads
from duls.metrics import Metrics
from sinks.reading import Reader


class ApiParts(NamedTuple):
    """What routes work with."""

    reader: Reader
    gate: Gate
    vitals: Vitals
    metrics: Metrics
    stopping: asyncio.Event  # set when the process is asked to stop: streams end then
    clock: Callable[[], datetime]
    live: LiveHub
    tiles: str  # address of a map style or of raster tiles for the page; empty for none
    deeds: AlertDeeds | None = None  # None: no broker is known, so nothing can be done
    rules: RuleBook | None = None  # None: likewise of rules
    uploads: Uploads | None = None  # None: nothing can be sent, since no broker is set


def parts_of(request: Request) -> ApiParts:
    """Return the parts of the application that a request is for."""
    return cast("ApiParts", request.app.state.parts)


Parts = Annotated[ApiParts, Depends(parts_of)]
