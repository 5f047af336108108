"""A fresh broker and a fresh database for each test, both embedded, so that they run anywhere.

Migrating waits for a broker; so it is done once, and most tests get a copy of what it made.
"""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql

from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.app.simulate import SimulationPlan, write_city
from duls.config import Settings, load_settings
from duls.local_process import LOCALHOST
from sinks.embedded_database import EmbeddedDatabase, drop_database
from streams.clients import make_admin
from streams.embedded_broker import EmbeddedBroker
from streams.topic_making import Wishes, ensure_topics
from streams.topics import topic_specs

MIGRATED = "migrated"  # databases that tests get copies of
LOADED = "loaded"


class Master(NamedTuple):
    """What copies are made of."""

    server: EmbeddedDatabase
    key: Path


def variables(server: EmbeddedDatabase, broker: EmbeddedBroker, database: str, key: Path) -> dict[str, str]:
    """Return the variables of an installation."""
    return {
        "DULS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "DULS_KAFKA_CLIENT": '{"session.timeout.ms": 6000, "log_level": 0}',
        "DULS_TRUST_CREATE_TIME": "true",
        "DULS_PARTITIONS": "2",
        "DULS_DATABASE_URL": f"{server.url.removesuffix('/postgres')}/{database}",
        "DULS_MASTER_KEY_FILE": str(key),
        "DULS_METRICS_PORT": "0",
    }


def copy_database(server: EmbeddedDatabase, source: str, name: str) -> None:
    """Make a database with the content of another, which nobody uses meanwhile."""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(source)))


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedDatabase]:
    """Run one database server for all tests here."""
    with EmbeddedDatabase() as running:
        yield running


@pytest.fixture(scope="session")
def master(server: EmbeddedDatabase, tmp_path_factory: pytest.TempPathFactory) -> Master:
    """Migrate once, and once more with zones loaded."""
    folder = tmp_path_factory.mktemp("master")
    key = folder / "master.key"
    with EmbeddedBroker() as broker:
        migrated = load_settings(variables(server, broker, MIGRATED, key), folder)
        run_migrate(migrated, [].append)
        for suffix in ("", "_keys"):
            copy_database(server, MIGRATED + suffix, LOADED + suffix)
        zones, _cameras = write_city(SimulationPlan(vehicles=50), folder)
        load_zone_file(load_settings(variables(server, broker, LOADED, key), folder), zones)
    return Master(server, key)


@pytest.fixture
def environment(server: EmbeddedDatabase, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Give the variables of an installation that nothing was done to yet."""
    with EmbeddedBroker() as broker:
        made = variables(server, broker, "figures", tmp_path / "keys" / "master.key")
        yield made
    for suffix in ("", "_keys"):
        drop_database(made["DULS_DATABASE_URL"] + suffix)


@pytest.fixture
def settings(environment: dict[str, str], tmp_path: Path) -> Settings:
    """Give the settings of an installation that nothing was done to yet."""
    return load_settings(environment, tmp_path)


@pytest.fixture
def installed(settings: Settings, master: Master) -> Settings:
    """Give the settings of an installation with schemas, topics and a master key, and an empty log."""
    return copied(settings, master, MIGRATED)


@pytest.fixture
def loaded(settings: Settings, master: Master) -> Settings:
    """Give the settings of an installation that has zones, too."""
    return copied(settings, master, LOADED)


@pytest.fixture
def figures(master: Master, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Give settings with a migrated figures database and no broker, which commands of this process find, too."""
    name = f"figures_{uuid.uuid4().hex}"
    copy_database(master.server, MIGRATED, name)
    made = {
        "DULS_DATABASE_URL": f"{master.server.url.removesuffix('/postgres')}/{name}",
        "DULS_KAFKA_BOOTSTRAP_SERVERS": f"{LOCALHOST}:1",
        "DULS_LOG_LEVEL": "warning",
    }
    monkeypatch.chdir(tmp_path)
    for variable, value in made.items():
        monkeypatch.setenv(variable, value)
    yield load_settings(made, tmp_path)
    drop_database(made["DULS_DATABASE_URL"])


def copied(settings: Settings, master: Master, source: str) -> Settings:
    """Make an installation by copying."""
    for suffix in ("", "_keys"):
        copy_database(master.server, source + suffix, f"figures{suffix}")
    settings.master_key_file.parent.mkdir()
    shutil.copy(master.key, settings.master_key_file)  # with its mode
    kafka = settings.kafka
    admin = make_admin(kafka.bootstrap_servers, kafka.client)
    specs = topic_specs(kafka.retention_ms)
    ensure_topics(admin, Wishes(specs, kafka.partitions, trust_create_time=True))
    return settings
