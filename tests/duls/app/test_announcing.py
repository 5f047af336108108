"""Announcements are in the log when the call that makes them returns, whoever sends them."""

import threading
from typing import Final

import msgspec

from duls.app.announcing import announce_settings, announcement
from duls.config import Settings
from sinks.connection import Connection, open_connection
from sinks.flush_parts import OutboxMessage
from sinks.outbox import relay
from sinks.registry import installation_id, store_settings

DEADLINE_S: Final = 30.0
PARTITIONS: Final = 2
LOCK_WAITS: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE application_name = 'second role' AND wait_event_type = 'Lock' AND datname = current_database()
"""


def test_a_role_waits_for_the_settings_that_another_one_announces(installed: Settings) -> None:
    """What it sends after that stands behind them in the log; else it would be counted under the old ones."""
    figures = installed.figures.model_copy(update={"slot_s": 60})
    changed = installed.model_copy(update={"figures": figures})
    order: list[str] = []

    def second_role() -> None:
        """Start with the settings that the first one has stored."""
        with open_connection(changed.database_url, application_name="second role") as connection:
            announce_settings(connection, changed, PARTITIONS)
        order.append("second role goes on")

    second = threading.Thread(target=second_role)

    def acknowledge(messages: list[OutboxMessage]) -> None:
        """Take the messages once the second role waits for them, or has not waited."""
        second.start()
        with open_connection(changed.database_url, application_name="observer") as observer:
            while second.is_alive() and not _count(observer):
                second.join(0.01)
        order.append(f"{len(messages)} acknowledged")

    with open_connection(changed.database_url, application_name="first role") as first:
        document = msgspec.json.encode(figures.document()).decode()
        store_settings(first, document, announcement("settings", installation_id(first), PARTITIONS))
        relay(first, acknowledge)
    second.join(DEADLINE_S)

    assert [f"{PARTITIONS} acknowledged", "second role goes on"] == order


def _count(observer: Connection) -> int:
    """Return how many sessions of the second role wait for a lock."""
    row = observer.execute(LOCK_WAITS).fetchone()
    return 0 if row is None else int(row[0])
