"""The API over a real database, on granian in a thread, and tokens to ask it with."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import httpx
import pytest

from duls.api.application import make_application
from duls.api.gate import Gate
from duls.api.health import Vitals
from duls.api.live_hub import LiveHub
from duls.api.parts import ApiParts
from duls.api.tokens import Grant, Scope, issue
from duls.api.uploads import Uploads
from duls.app.api_deeds import StoredRules
from duls.metrics import Metrics
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from sinks.reading import PoolBounds, Reader
from tests.duls.api.fake_deeds import FakeDeeds
from tests.duls.api.served import served
from tests.duls.api.small_city import fill_small_city
from tests.services.external import Database

KEY = bytes(range(32))
OPERATOR = (Scope.OPERATOR,)
PLANNER = (Scope.PLANNER,)
ACT = (Scope.ACT,)
RULES = (Scope.RULES,)


class Api(NamedTuple):
    """A running API and the database behind it."""

    port: int
    url: str  # of the database
    client: httpx.Client
    deeds: FakeDeeds

    def send(
        self,
        method: str,
        path: str,
        body: Any,
        scopes: tuple[Scope, ...],
        /,
        *,
        municipalities: tuple[str, ...] | None = None,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """Send a document with a token."""
        token = issue(
            Grant("tester", scopes, municipalities, 3_600), KEY, now_s=int(time.time()), serial="serial-1"
        )
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        return self.client.request(method, path, json=body, params=query, headers=sent)

    def ask(
        self,
        path: str,
        scopes: tuple[Scope, ...],
        /,
        *,
        municipalities: tuple[str, ...] | None = None,
        **query: Any,
    ) -> httpx.Response:
        """Ask with a token; `since` and `until` stand for `from` and `to`."""
        token = issue(
            Grant("tester", scopes, municipalities, 3_600), KEY, now_s=int(time.time()), serial="serial-1"
        )
        names = {"since": "from", "until": "to"}
        parameters = {names.get(name, name): value for name, value in query.items()}
        return self.client.get(path, params=parameters, headers={"Authorization": f"Bearer {token}"})

    def rows(self, path: str, scopes: tuple[Scope, ...], /, **query: Any) -> list[dict[str, Any]]:
        """Return all rows, page after page."""
        rows: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            response = self.ask(path, scopes, **query, **cursor)
            assert 200 == response.status_code, response.text
            answer = response.json()
            rows += answer["items"]
            if answer.get("next") is None:
                return rows
            cursor = {"cursor": answer["next"]}


MakeUploads = Callable[[Gate, Reader, Metrics], Uploads]


@contextmanager
def running_api(url: str, make_uploads: MakeUploads | None = None) -> Iterator[Api]:
    """Serve the API over a database, and perhaps take uploads."""
    metrics = Metrics(version="test", clock=time.time)

    def clock() -> datetime:
        return datetime.now(UTC)

    with Reader(url, PoolBounds(wait_s=10.0)) as reader:
        vitals = Vitals(list, metrics.exposition)
        stopping = asyncio.Event()
        live = LiveHub("test", clock)
        deeds = FakeDeeds()
        gate = Gate(lambda: [KEY], clock=clock)
        parts = ApiParts(
            reader,
            gate,
            vitals,
            metrics,
            stopping,
            clock,
            live,
            "",
            deeds,
            StoredRules(reader),
            make_uploads(gate, reader, metrics) if make_uploads else None,
        )
        with (
            served(make_application(parts, version="test"), stopping) as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client,
        ):
            yield Api(port, url, client, deeds)


@pytest.fixture(scope="session")
def small_api(timescale: Database) -> Iterator[Api]:
    """Serve a city of six zones, for tests that only read it."""
    url = timescale.create_database(f"small_{uuid.uuid4().hex}")
    migrate(url)
    fill_small_city(url)
    with running_api(url) as api:
        yield api
    drop_database(url)
