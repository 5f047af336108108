"""What the api role does for operators: deeds through the topic of actions, and the rules of alerts."""

import json
import threading
import time
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from duls.api.deeds import Deed, DeedOutcome, RuleLogLine, RulesChange, RulesInForce, RuleWish
from duls.app.alert_world import stored_rules
from duls.app.alerts import action_message, message_of
from duls.app.rules import Author, put_rules, usable
from duls.config import Settings
from duls.pipelines.alert_actions import encode_action
from processors.overload.plan import WatchedZone
from processors.overload.rule_document import rule_document
from processors.overload.rule_file import read_rules
from sinks.api_live import deed_status, watched_zones
from sinks.overload_rules import rule_log
from sinks.reading import Reader, ReadRole
from streams.clients import make_deed_producer
from streams.deed_sender import DeedSender

SEND_S: Final = 5.0
HANDLED_S: Final = 3.0  # an alert process takes an action in within a fraction of this
POLL_S: Final = 0.05


class TopicDeeds:
    """Sends deeds to the topic of actions, and sees in the database what came of them; used from many threads.

    Args:
        settings: of the process.
        reader: of the database.
    """

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._kafka = settings.kafka
        self._reader = reader
        self._lock = threading.Lock()
        self._sender: DeedSender | None = None

    def do(self, deed: Deed, action_id: UUID, at: datetime) -> DeedOutcome:
        """Send a deed, and wait a moment for what comes of it.

        Raises:
            InvalidInputError: it lacks something; nothing was sent.
            ServiceAwayError: the broker does not take it.
        """
        value = encode_action(message_of(deed, action_id, at))
        self._connected().send(action_message(deed, value))
        return self._outcome(action_id)

    def _connected(self) -> DeedSender:
        """Return what sends, made at the first deed, as most processes never do any, and anew when it is broken."""
        with self._lock:
            if self._sender is None or self._sender.is_broken:
                self._sender = DeedSender(
                    make_deed_producer(self._kafka.bootstrap_servers, self._kafka.client, timeout_s=SEND_S)
                )
            return self._sender

    def _outcome(self, action_id: UUID) -> DeedOutcome:
        """Wait until a deed took effect or was refused, but not for long."""
        end_s = time.monotonic() + HANDLED_S
        while time.monotonic() < end_s:
            found = self._reader.read(ReadRole.OPERATOR, lambda c: deed_status(c, action_id))
            if found and found[0].is_handled:
                return DeedOutcome(is_handled=True, refusal=found[0].refusal)
            time.sleep(POLL_S)
        return DeedOutcome(is_handled=False)


class StoredRules:
    """The rules in the database, read and stored under the login of the API itself.

    Args:
        reader: of the database.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def current(self) -> RulesInForce:
        """Return the rules in force."""
        rules = self._reader.as_login(stored_rules)
        return RulesInForce(rules.version, rule_document(rules))

    def put(self, wish: RuleWish) -> RulesChange:
        """Put rules in force.

        Raises:
            RulesRefusedError: they are none; nothing was changed.
            RefusedError: another version came in between.
        """
        given = usable("the document", read_rules(wish.document))
        zones = [WatchedZone(*row) for row in self._reader.read(ReadRole.OPERATOR, watched_zones)]
        author = Author(wish.by, wish.note)
        report = self._reader.as_login(
            lambda c: put_rules(c, given, author, wish.mode, zones=zones, after=wish.after)
        )
        return RulesChange(report.version, report.is_new, report.changes, report.warnings)

    def log(self, limit: int) -> list[RuleLogLine]:
        """Return who changed the rules, newest first."""
        lines = self._reader.as_login(lambda c: rule_log(c, limit))
        return [
            RuleLogLine(
                line.version,
                line.stored_by,
                datetime.fromtimestamp(line.stored_us / 1e6, UTC),
                line.note,
                json.loads(line.changes),
            )
            for line in lines
        ]
