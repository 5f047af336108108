"""A fresh broker and a fresh database for each test, both embedded, so that they run anywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from duls.app.migrate import run_migrate
from duls.config import Settings, load_settings
from sinks.embedded_database import EmbeddedDatabase, drop_database
from streams.embedded_broker import EmbeddedBroker


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedDatabase]:
    """Run one database server for all tests here."""
    with EmbeddedDatabase() as running:
        yield running


@pytest.fixture
def environment(server: EmbeddedDatabase, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the variables of an installation that nothing was done to yet."""
    url = server.url.removesuffix("/postgres") + "/figures"
    with EmbeddedBroker() as broker:
        yield {
            "DULS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "DULS_KAFKA_CLIENT": '{"session.timeout.ms": 6000, "log_level": 0}',
            "DULS_TRUST_CREATE_TIME": "true",
            "DULS_PARTITIONS": "2",
            "DULS_DATABASE_URL": url,
            "DULS_MASTER_KEY_FILE": str(tmp_path / "keys" / "master.key"),
            "DULS_METRICS_PORT": "0",
        }
    for name in (url, f"{url}_keys"):
        drop_database(name)


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    """Give the settings of an installation that nothing was done to yet."""
    return load_settings(environment, tmp_path)


@pytest.fixture
def installed(settings: Settings) -> Settings:
    """Give the settings of an installation that was migrated."""
    run_migrate(settings, [].append)
    return settings
