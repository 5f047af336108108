"""Posting alerts over HTTP: to Alertmanager, and to webhooks that the settings allow."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from duls.app.bounded_http import ask
from duls.config import Settings
from duls.config.paths import at_home
from duls.errors import ConfigError
from duls.pipelines.alert_posts import SIGNATURE_HEADER, alertmanager_alerts, signature, webhook_body
from duls.pipelines.alert_tellers import ChannelAwayError, RefusedPostError
from sinks.connection import Connection
from sinks.overload_deliveries import Delivery, running_pages

ALERTS_PATH: Final = "/api/v2/alerts"
CHUNK: Final = 500  # alerts in one post
LEAST_SECRET: Final = 16  # bytes
AWAY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class AlertmanagerPost:
    """Posts to one Alertmanager."""

    def __init__(self, url: str, resend_s: float) -> None:
        self._url = url.rstrip("/") + ALERTS_PATH
        self._resend_s = resend_s

    def __call__(self, delivery: Delivery) -> None:
        """Post the alerts of one telling."""
        self._post(msgspec.json.decode(delivery.payload))

    def again(self, connection: Connection, worker_id: Any) -> None:
        """Post everything that runs."""
        messages = [msgspec.json.decode(text) for text in running_pages(connection, worker_id)]
        for place in range(0, len(messages), CHUNK):
            self._post(messages[place : place + CHUNK])

    def _post(self, messages: list[dict[str, Any]]) -> None:
        """Post alerts."""
        alerts = alertmanager_alerts(messages, datetime.now(UTC), self._resend_s)
        post(self._url, msgspec.json.encode(alerts), {})


class WebhookPost:
    """Posts to one webhook, signed."""

    def __init__(self, url: str, secret: bytes) -> None:
        self._url = url
        self._secret = secret

    def __call__(self, delivery: Delivery) -> None:
        """Post one telling; the same number again is the same telling."""
        body = webhook_body(delivery.event, delivery.zone_id, delivery.payload)
        headers = {
            SIGNATURE_HEADER: signature(self._secret, body, int(time.time())),
            "Idempotency-Key": str(delivery.number),
        }
        post(self._url, body, headers)


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Post JSON.

    Raises:
        ChannelAwayError: nobody answers, or not now, or with what HTTP does not know.
        RefusedPostError: the answer is a refusal of this post.
    """
    try:
        answer = ask("POST", url, content=body, headers={"Content-Type": "application/json", **headers})
    except httpx.RequestError as error:
        # its words may quote the address, and that may hold a secret
        message = f"{type(error).__name__} while posting"
        raise ChannelAwayError(message) from None
    if answer.is_success:
        return
    message = f"the answer is {answer.status_code}"
    if answer.is_server_error or answer.status_code in AWAY:
        raise ChannelAwayError(message)
    raise RefusedPostError(message)


def webhook_urls(settings: Settings) -> list[str]:
    """Return the addresses of webhooks.

    Raises:
        ConfigError: one names a host that is not allowed, or is no address of HTTP.
    """
    allowed = set(settings.alert.webhook_hosts.split())
    urls = settings.alert.webhook_urls.split()
    for place, url in enumerate(urls, start=1):
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = (
                f"address {place} of alert.webhook_urls must begin with http:// or https:// and name a host"
            )
            raise ConfigError(message)
        if parts.hostname not in allowed:
            message = (
                f"address {place} of alert.webhook_urls names the host {parts.hostname!r}, which is not among "
                "alert.webhook_hosts: add it there, or remove the address"
            )
            raise ConfigError(message)
    return urls


def webhook_secret(path: Path | None) -> bytes:
    """Return the secret that posts are signed with.

    Raises:
        ConfigError: there is none, it cannot be read, others may read it, or it is too short.
    """
    if path is None:
        message = "alert.webhook_secret_file is not set: webhooks need a secret to sign with"
        raise ConfigError(message)
    file = at_home(path, "alert.webhook_secret_file")
    try:
        mode, secret = file.stat().st_mode, file.read_bytes().strip()
    except OSError as error:
        message = f"alert.webhook_secret_file {path} cannot be read: {error.strerror}"
        raise ConfigError(message) from error
    if mode & 0o077:
        message = f"alert.webhook_secret_file {path} can be read by others: chmod 600 it"
        raise ConfigError(message)
    if len(secret) < LEAST_SECRET:
        message = f"alert.webhook_secret_file {path} must hold at least {LEAST_SECRET} bytes"
        raise ConfigError(message)
    return secret


Post = Callable[[Delivery], None]
