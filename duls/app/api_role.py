"""The API role: one event loop for HTTP, threads for queries, and a small pool of database connections."""

import asyncio
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple, Self

import structlog

from duls.api.application import make_application
from duls.api.gate import Gate
from duls.api.health import Vitals
from duls.api.live_follower import LiveFollower
from duls.api.live_hub import LiveHub
from duls.api.parts import ApiParts
from duls.api.server import listening_socket, serve
from duls.api.tokens import Scope
from duls.api.uploads import Uploads
from duls.app.api_deeds import StoredRules, TopicDeeds
from duls.app.revocation import RevokedTokens
from duls.app.stopping import StopFlag
from duls.app.tokens import TokenKeys, token_key_file
from duls.config import Settings
from duls.errors import ServiceAwayError
from duls.metrics import Metrics
from duls.version import VERSION
from sinks.lasting_connection import LastingConnection
from sinks.patience import Patience, never
from sinks.reading import Reader, obstacles
from streams.clients import make_upload_producer
from streams.upload_sender import UploadSender

PROBE_KEPT_S: Final = 1.0  # probes come often and from several sides
PROBE_PATIENCE_S: Final = 1.0
PROBE_SILENCE_S: Final = 5.0
ANONYMOUS: Final = {
    "nothing": frozenset[Scope](),
    "operator": frozenset({Scope.OPERATOR}),
    "planner": frozenset({Scope.PLANNER}),
    "act": frozenset({Scope.OPERATOR, Scope.ACT}),
}

log = structlog.get_logger()


def run_api(settings: Settings, stop: StopFlag, metrics: Metrics) -> None:
    """Serve HTTP until stopping is asked for.

    Raises:
        ConfigError: the address cannot be used.
        RefusedError: the server ended by itself.
    """
    listener = listening_socket(*settings.http_address)
    host, port = listener.getsockname()[:2]
    with (
        DatabaseWatch(settings.database_url, should_stop=stop.is_overdue) as watch,
        Reader(settings.database_url, should_stop=stop.is_overdue) as reader,
        RevokedTokens(settings.database_url) as revoked,
        closing(_upload_sender(settings)) as sender,
    ):
        metrics.watch_pool(reader.stats)
        vitals = Vitals(watch.reasons, metrics.exposition)
        gate = _gate(settings, revoked)
        log.info("ready", role="api", host=host, port=port)
        has_broker = bool(settings.kafka.bootstrap_servers)
        deeds = TopicDeeds(settings, reader) if has_broker else None
        uploads = Uploads(gate, sender, reader, metrics, clock=time.monotonic) if has_broker else None
        means = _Means(reader, gate, vitals, metrics, deeds, StoredRules(reader), uploads)
        asyncio.run(_serve(listener, stop, settings.http.tiles, means))


def _upload_sender(settings: Settings) -> UploadSender:
    """Return what sends uploads; it makes its client for the first of them."""
    kafka = settings.kafka
    return UploadSender(partial(make_upload_producer, kafka.bootstrap_servers, kafka.client))


class _Means(NamedTuple):
    """What the application works with and does not make."""

    reader: Reader
    gate: Gate
    vitals: Vitals
    metrics: Metrics
    deeds: TopicDeeds | None
    rules: StoredRules
    uploads: Uploads | None


async def _serve(listener: socket.socket, stop: StopFlag, tiles: str, means: _Means) -> None:
    """Build the application within its event loop, and serve it while the live figures are followed."""
    stopping = asyncio.Event()
    live = LiveHub(secrets.token_hex(4), utc_now)
    parts = ApiParts(
        means.reader,
        means.gate,
        means.vitals,
        means.metrics,
        stopping,
        utc_now,
        live,
        tiles,
        means.deeds,
        means.rules,
        means.uploads,
    )
    application = make_application(parts, version=VERSION)
    following = asyncio.create_task(LiveFollower(live, means.reader).follow(stopping))
    following.add_done_callback(
        lambda _: stopping.set()
    )  # a defect in it ends the process, and is told below
    try:
        await serve(application, listener, stop_fd=stop.fileno(), stopping=stopping)
    finally:
        stopping.set()
        await following


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


def _gate(settings: Settings, revoked: RevokedTokens) -> Gate:
    """Return who tells callers apart; without a key file no token is taken."""
    file = token_key_file(settings)
    anonymous = settings.http.anonymous
    keys = TokenKeys(file, clock=time.monotonic)
    if not keys() and anonymous == "nothing":
        log.warning(
            "nobody can read the API: `duls token issue` makes a key and a token", key_file=str(file.path)
        )
    return Gate(keys, ANONYMOUS[anonymous], revoked=revoked, clock=utc_now)


class DatabaseWatch:
    """Tells whether the database answers and lets us read, over a connection of its own."""

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        should_stop: Callable[[], bool] = never,
    ) -> None:
        self._connection = LastingConnection(
            url,
            application_name="duls api probe",
            patience=Patience(PROBE_PATIENCE_S, should_stop),
            longest_silence_s=PROBE_SILENCE_S,
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_s = float("-inf")
        self._reasons: list[str] = []

    def __enter__(self) -> Self:
        """Connect at the first question."""
        return self

    def __exit__(self, *_reason: object) -> None:
        """Close the connection."""
        self._connection.close()

    def reasons(self) -> list[str]:
        """Return why the database cannot be read; asked at most once a second."""
        with self._lock:
            if self._clock() - self._asked_s > PROBE_KEPT_S:
                self._reasons = self._ask()
                self._asked_s = self._clock()
            return self._reasons

    def _ask(self) -> list[str]:
        """Ask the database."""
        try:
            return self._connection.run("ask the database", obstacles)
        except ServiceAwayError:
            return ["the database does not answer"]
