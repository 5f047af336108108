"""What is posted to Alertmanager and to webhooks, and the signature by which a receiver knows that it is ours."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

ALERT_NAME: Final = "ZoneOverload"
SIGNATURE_HEADER: Final = "Duls-Signature"
REFRESHES: Final = (
    4  # an alert that is not told of so often is over to Alertmanager, as it is with Prometheus
)
SHORTEST: Final = timedelta(milliseconds=1)


class AlertmanagerAlert(msgspec.Struct, frozen=True):
    """An alert as `POST /api/v2/alerts` takes it."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str  # noqa: N815  # as Alertmanager spells it
    endsAt: str  # noqa: N815  # the same


def alertmanager_alerts(
    messages: Iterable[dict[str, Any]], now: datetime, resend_s: float
) -> list[AlertmanagerAlert]:
    """Return alerts for Alertmanager, from our messages about them.

    One that runs ends a while after the next time that it is told of, so that it does not run for ever should
    nobody tell any more.
    """
    runs_until = now + timedelta(seconds=REFRESHES * resend_s)
    return [_alertmanager_alert(message, runs_until) for message in messages]


def _alertmanager_alert(message: dict[str, Any], runs_until: datetime) -> AlertmanagerAlert:
    """Return one alert for Alertmanager."""
    start = _time(message["since"])
    end = runs_until if message["until"] is None else _time(message["until"])
    labels = {
        "alertname": ALERT_NAME,
        "zone": message["zone_id"],
        "rule": message["rule"],
        "severity": message["severity"],
        "municipality": message["municipality"] or "",
    }
    annotations = {
        "summary": message["text"]["nl"],
        "summary_en": message["text"]["en"],
        "description": message["reason"]["nl"],
        "description_en": message["reason"]["en"],
        "zone_name": message["zone_name"],
        "alert_id": message["alert_id"],
        "acknowledged_by": message["acknowledged_by"] or "",
    }
    return AlertmanagerAlert(
        {name: value for name, value in labels.items() if value},
        {name: value for name, value in annotations.items() if value},
        min(start, end - SHORTEST).isoformat(),  # it refuses what begins at its end
        end.isoformat(),
    )


def webhook_body(event: str, zone_id: str, payload: str) -> bytes:
    """Return the body of a post to a webhook; *payload* is a JSON list of our messages."""
    alerts = msgspec.Raw(payload.encode())
    return msgspec.json.encode({"event": event, "zone_id": zone_id, "alerts": alerts})


def signature(secret: bytes, body: bytes, sent_s: int) -> str:
    """Return the value of SIGNATURE_HEADER: when it was sent, and an HMAC-SHA-256 over that, a dot and the body.

    A receiver computes the same, compares in constant time, and refuses what was sent too long ago.
    """
    signed = hmac.new(secret, f"{sent_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={sent_s},v1={signed}"


def _time(text: str) -> datetime:
    """Return a time of a message."""
    return datetime.fromisoformat(text).astimezone(UTC)
