"""Gauges are set from the database, and say nothing that is not known while it is away."""

import threading
from contextlib import closing

import pytest

from duls.app.database_gauges import DatabaseGauges
from duls.config import Settings
from duls.metrics import Metrics
from sinks.connection import Connection, open_connection

NOWHERE = "postgresql://127.0.0.1:1/none?connect_timeout=1"


def exposed(metrics: Metrics) -> str:
    """Return what Prometheus reads."""
    return metrics.exposition().decode()


def test_gauges_are_read_from_the_database(loaded: Settings) -> None:
    """Messages that wait are counted, with the age of the oldest."""
    metrics = Metrics(version="1", clock=lambda: 0.0)
    with open_connection(loaded.database_url, application_name="test") as connection:
        connection.execute("DELETE FROM core.outbox")
        connection.execute(
            "INSERT INTO core.outbox (topic, value, header_names, header_values, created_at) "
            "VALUES ('t', 'x', '{}', '{}', now() - interval '1 minute')"
        )

    with closing(DatabaseGauges(loaded.database_url, metrics)) as gauges:
        gauges.read()

    assert "duls_outbox_messages 1.0" in exposed(metrics)
    assert 60 <= metrics.outbox_age_seconds._value.get() < 90
    assert metrics.database_bytes._value.get() > 1_000_000


def test_loads_are_not_told_while_the_database_is_away() -> None:
    """A load that nobody can read must not stand for the zone."""
    metrics = Metrics(version="1", clock=lambda: 0.0)
    metrics.set_zone_loads({"kade": 0.5})

    with closing(DatabaseGauges(NOWHERE, metrics)) as gauges:
        gauges.read()

    assert "duls_zone_load_ratio{" not in exposed(metrics)


def test_the_thread_ends_when_asked(loaded: Settings) -> None:
    """Nothing of it is left when the role ends."""
    before = threading.active_count()

    with DatabaseGauges(loaded.database_url, Metrics(version="1", clock=lambda: 0.0)):
        assert before + 1 == threading.active_count()

    assert before == threading.active_count()


def test_a_defect_does_not_end_the_reading(loaded: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read next is told."""
    metrics = Metrics(version="1", clock=lambda: 0.0)
    metrics.set_zone_loads({"kade": 0.5})
    sizes: list[int] = []

    def size(_connection: Connection) -> int:
        sizes.append(1)
        return {2: 1_000}[len(sizes)]

    monkeypatch.setattr("duls.app.database_gauges.database_bytes", size)
    with closing(DatabaseGauges(loaded.database_url, metrics)) as gauges:
        gauges.read()
        after_defect = exposed(metrics)
        gauges.read()

    assert "duls_zone_load_ratio{" not in after_defect
    assert "duls_database_bytes 1000.0" in exposed(metrics)
