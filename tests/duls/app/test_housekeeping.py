"""Housekeeping goes on after every failure, with new clients, and ends when asked."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from confluent_kafka import KafkaError, KafkaException

from duls.app import housekeeping
from duls.app.housekeeping import Housekeeping
from duls.config import Settings, load_settings
from duls.errors import ServiceAwayError
from duls.logs import set_up_logging
from sinks.retention import Removal, Retention

WAIT_S = 30.0


class World:
    """What housekeeping calls, and how often."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []  # of relaying, one a call
        self.connections = Counter[str]()
        self.defects: list[Exception] = []  # of publishing, one a call
        self.senders = 0
        self.relayed = threading.Semaphore(0)
        self.published = 0
        self.swept = threading.Event()
        self.retentions: list[Retention] = []
        self.reference_us: int | None = 5  # that ages are counted from
        self.database_us: int | None = None  # by the database, where it is another one

    @contextmanager
    def open_connection(self, _url: str, *, application_name: str) -> Iterator[str]:
        """Give a connection."""
        self.connections[application_name] += 1
        yield "connection"

    def sender(self, *_: Any) -> None:
        """Count a producer."""
        self.senders += 1

    def relay(self, _connection: object, _send: Callable[[Any], None]) -> int:
        """Fail as told, else say that nothing waits."""
        if self.failures:
            raise self.failures.pop(0)
        self.relayed.release()
        return 0

    def publish_due(self, _connection: object, _settings: Settings) -> None:
        """Count a publication, and fail as told."""
        self.published += 1
        if self.defects:
            raise self.defects.pop(0)

    def sweep(self, _connection: object, retention: Retention, reference_us: int) -> list[Removal]:
        """Note what is kept."""
        assert reference_us == self.reference_us
        assert len(self.retentions) + 1 == self.published
        self.retentions.append(retention)
        self.swept.set()
        return [Removal("flow_slot", 1, 10, 0)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Put everything that housekeeping calls in its place, without its waits."""
    made = World()
    monkeypatch.setattr(housekeeping, "open_connection", made.open_connection)
    monkeypatch.setattr(housekeeping, "make_gapless_producer", made.sender)
    monkeypatch.setattr(housekeeping, "relay", made.relay)
    monkeypatch.setattr(housekeeping, "sweep", made.sweep)
    monkeypatch.setattr(housekeeping, "publish_due", made.publish_due)
    monkeypatch.setattr(
        housekeeping, "reference_us", lambda _connection, _clock: made.database_us or made.reference_us
    )
    monkeypatch.setattr(housekeeping, "RELAY_S", 0.001)
    monkeypatch.setattr(housekeeping, "FIRST_UPKEEP_S", 0.0)
    monkeypatch.setattr(housekeeping, "AFTER_DEFECT_S", 0.001)
    return made


@pytest.fixture
def settings() -> Settings:
    """Give settings that keep slots for a day."""
    return load_settings({"DULS_RETENTION_SLOT_H": "24"})


@pytest.mark.parametrize(
    "failure",
    [
        ServiceAwayError("the outbox cannot be sent"),
        psycopg.OperationalError("server closed the connection\nDETAIL: Key (x)=(y)"),
        KafkaException(KafkaError(KafkaError._FATAL)),
    ],
)
def test_a_failure_is_followed_by_another_try(
    world: World, settings: Settings, failure: Exception, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a new connection and a new producer; of a database's words only the first line is said."""
    world.failures = [failure, failure]

    with Housekeeping(settings):
        assert world.relayed.acquire(timeout=WAIT_S)

    assert (3, 3) == (world.connections["duls outbox"], world.senders)
    assert "DETAIL" not in "".join(capfd.readouterr())


def test_the_threads_end_when_asked(world: World, settings: Settings) -> None:
    """Whatever it does not finish the next process does."""
    before = threading.active_count()

    with Housekeeping(settings):
        assert world.relayed.acquire(timeout=WAIT_S)
        assert before + 2 == threading.active_count()

    assert before == threading.active_count()


def test_what_was_kept_long_enough_is_removed(world: World, settings: Settings) -> None:
    """By the settings, and not at every look."""
    with Housekeeping(settings):
        assert world.swept.wait(WAIT_S)
        for _ in range(5):
            assert world.relayed.acquire(timeout=WAIT_S)

    assert [24 * 3_600] == [retention.slot_s for retention in world.retentions]


@pytest.mark.parametrize(("clock", "expected_us"), [("arrival", 3_000_000), ("event", 5_000_000)])
def test_a_clock_of_the_database_that_leapt_forward_makes_nothing_old(
    world: World, settings: Settings, clock: str, expected_us: int
) -> None:
    """This machine's says 3 s, the database's 5; stream time is no clock of a machine."""
    world.database_us, world.reference_us = 5_000_000, expected_us
    given = settings.model_copy(update={"figures": settings.figures.model_copy(update={"clock": clock})})

    with Housekeeping(given, clock=lambda: 3.0):
        assert world.swept.wait(WAIT_S)


def test_a_defect_of_publishing_ends_neither_thread(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The outbox is relayed on, and publishing is tried again; of the error only its kind and place are told."""
    set_up_logging(level="info", form="json")
    world.defects = [ValueError("NL:QZX-00-42")]
    monkeypatch.setattr(housekeeping, "UPKEEP_S", 0.001)

    with Housekeeping(settings):
        assert world.swept.wait(WAIT_S)
        assert world.relayed.acquire(timeout=WAIT_S)

    told = "".join(capfd.readouterr())
    assert "ValueError" in told
    assert "QZX" not in told


def test_what_cannot_be_published_keeps_nothing(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication that fails each time does not fill the disk: what was kept long enough goes all the same."""
    world.defects = [ValueError("again")] * 1_000
    monkeypatch.setattr(housekeeping, "UPKEEP_S", 0.001)

    with Housekeeping(settings):
        assert world.swept.wait(WAIT_S)

    assert 1 <= world.connections["duls sweep"]


def test_nothing_is_removed_before_there_is_a_time(world: World, settings: Settings) -> None:
    """With the event clock it comes from the data."""
    world.reference_us = None

    with Housekeeping(settings):
        for _ in range(3):
            assert world.relayed.acquire(timeout=WAIT_S)

    assert [] == world.retentions
