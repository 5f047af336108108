"""`duls alerts`: what runs, and what operators do about it; their deeds go through the topic of actions."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from duls.api.deeds import Deed
from duls.config import Settings
from duls.errors import InvalidInputError, ServiceAwayError
from duls.pipelines.alert_actions import ActionMessage, encode_action
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.migrate import require_current
from sinks.overload_actions import ActionStatus, action_status
from sinks.overload_reading import AlertLine, read_alerts
from streams.clients import make_gapless_producer
from streams.outbox_sender import OutboxSender
from streams.topics import ACTION_TOPIC

APPLICATION: Final = "duls alerts"
SEND_S: Final = 10.0
HANDLED_S: Final = 10.0  # an alert process takes an action in within a second; others take over within 30
POLL_S: Final = 0.1
REFUSALS: Final = {
    "no_such_alert": "no alert that runs has this id",
    "no_such_zone": "no zone has this id",
    "already_done": "somebody did so already",
    "no_reason": "a reason is needed",
    "not_later": "it would end before it begins",
}


def list_alerts(settings: Settings, *, is_all: bool, zone_id: str | None, limit: int) -> list[AlertLine]:
    """Return the alerts that run, the newest first; with *is_all* also those that are over."""
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return read_alerts(connection, is_all=is_all, zone_id=zone_id, limit=limit)


def do(settings: Settings, deed: Deed, *, new_id: Callable[[], UUID] = uuid4) -> ActionStatus:
    """Send an action and wait until it took effect.

    Raises:
        InvalidInputError: the action lacks something, or was refused.
        ServiceAwayError: the broker does not take it, or no alert process handles it; then it waits for one.
    """
    message = message_of(deed, new_id(), datetime.now(UTC))
    value = encode_action(message)
    require_current(settings.database_url)
    kafka = settings.kafka
    end_s = time.monotonic() + SEND_S
    producer = make_gapless_producer(kafka.bootstrap_servers, kafka.client)
    sender = OutboxSender(producer, should_give_up=lambda: time.monotonic() > end_s)
    sender.send([action_message(deed, value)])
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        status = _await_handled(connection, message.action_id)
    if status.refusal is not None:
        what = REFUSALS.get(status.refusal, status.refusal)
        text = f"{deed.kind} changed nothing: {what}"
        raise InvalidInputError(text)
    return status


def message_of(deed: Deed, action_id: UUID, at: datetime) -> ActionMessage:
    """Return a deed as a message."""
    return ActionMessage(action_id=action_id, at=at, **deed._asdict())


def action_message(deed: Deed, value: bytes) -> OutboxMessage:
    """Return a deed for the topic of actions; those about one alert or zone stay in order."""
    return OutboxMessage(ACTION_TOPIC, (deed.alert_id or deed.zone_id or "").encode(), value)


def _await_handled(connection: Connection, action_id: UUID) -> ActionStatus:
    """Wait until an action took effect or was refused."""
    end_s = time.monotonic() + HANDLED_S
    while time.monotonic() < end_s:
        status = action_status(connection, action_id)
        if status is not None and status.handled_us is not None:
            return status
        time.sleep(POLL_S)
    text = (
        f"the action is in {ACTION_TOPIC}, and no alert process has handled it within {HANDLED_S:g} s: "
        "it takes effect once one runs (duls run alert)"
    )
    raise ServiceAwayError(text)
