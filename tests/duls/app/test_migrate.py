"""Migrating makes what is missing, tells the log, and can be repeated."""

import stat
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING

from duls.app.migrate import require_same_figures, run_migrate
from duls.config import Settings, load_settings
from duls.errors import ConfigError, ServiceAwayError
from sinks.connection import open_connection
from sinks.keys import KeyStore
from sinks.master_key import read_master_key
from sinks.patience import Patience
from sinks.registry import installation_id
from streams.observation_headers import Kind, decode_control, envelope_of
from streams.topic_reader import make_reader, messages_to_end
from streams.topics import OBSERVATIONS_TOPIC


@pytest.fixture
def migrated(settings: Settings) -> Settings:
    """Give the settings of an installation that was migrated in earnest, its log included."""
    run_migrate(settings, [].append)
    return settings


def announced(settings: Settings) -> list[tuple[int, str, int]]:
    """Return partition, kind and version of every control record in the log, in order."""
    with open_connection(settings.database_url, application_name="test") as connection:
        installation = installation_id(connection).bytes
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    found = []
    for message in messages_to_end(
        reader, OBSERVATIONS_TOPIC, dict.fromkeys(range(settings.kafka.partitions), OFFSET_BEGINNING)
    ):
        envelope = envelope_of(message.headers(), installation)
        assert envelope is not None
        assert Kind.CONTROL == envelope.kind
        control = decode_control(message.value())
        found.append((message.partition(), control.kind, control.version))
    reader.close()
    return found


def test_everything_is_made_at_the_first_time(settings: Settings) -> None:
    """Databases, schemas, topics and the master key come into being, each with a line about it."""
    lines: list[str] = []

    report = run_migrate(settings, lines.append)

    assert ["the figures database", "the keys database"] == report.databases_made
    assert report.migrations
    assert {"made"} == {topic.action for topic in report.topics}
    assert 1 == report.settings_version
    assert any("master key file" in line and "keep a copy" in line for line in lines)


def test_a_repeat_changes_nothing(migrated: Settings) -> None:
    """Whoever is not sure runs it again."""
    report = run_migrate(migrated, [].append)

    assert ([], [], [], False) == report[:4]
    assert {"kept"} == {topic.action for topic in report.topics}
    assert 1 == report.settings_version


def test_the_master_key_is_readable_by_its_owner_only(migrated: Settings) -> None:
    """So are the folders made for it."""
    path = migrated.master_key_file

    assert 32 == len(read_master_key(path))
    assert (0o600, 0o700) == (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))


def test_a_lost_master_key_is_not_replaced(migrated: Settings) -> None:
    """A new key could not unwrap the keys of days that it did not wrap."""
    key = read_master_key(migrated.master_key_file)
    store = KeyStore(migrated.keys_url, key, reader="test", random_bytes=bytes, patience=Patience(5.0))
    store.day_row(20_000, 2, {})
    store.close()
    migrated.master_key_file.unlink()

    with pytest.raises(ConfigError, match=r"is missing, yet it wraps the keys of 1 days: put it back"):
        run_migrate(migrated, [].append)
    assert not migrated.master_key_file.exists()


def test_every_partition_is_told_of_the_settings(migrated: Settings) -> None:
    """Each partition of the log learns of the version, at least once."""
    assert {(number, "settings", 1) for number in range(2)} == set(announced(migrated))


def test_changed_settings_are_a_new_version(
    migrated: Settings, environment: dict[str, str], tmp_path: Path
) -> None:
    """Figures never change in silence: the log says from where on."""
    changed = load_settings({**environment, "DULS_SLOT_S": "60"}, tmp_path)
    with open_connection(migrated.database_url, application_name="test") as connection:
        require_same_figures(connection, migrated)
        with pytest.raises(ConfigError, match="slot_s differ from those that the log was told of"):
            require_same_figures(connection, changed)

        report = run_migrate(changed, [].append)

        require_same_figures(connection, changed)
    assert 2 == report.settings_version
    assert {(number, "settings", 2) for number in range(2)} <= set(announced(changed))


@pytest.mark.parametrize("variable", ["DULS_KAFKA_BOOTSTRAP_SERVERS", "DULS_DATABASE_URL"])
def test_a_missing_service_is_named(
    environment: dict[str, str], tmp_path: Path, variable: str, settings: Settings
) -> None:
    """The error is that of a service away, and it carries no password."""
    elsewhere = {
        "DULS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "DULS_DATABASE_URL": "postgresql://a:s3cret@127.0.0.1:1/x",
    }
    run_migrate(settings, [].append)
    client = {"DULS_KAFKA_CLIENT": '{"socket.timeout.ms": 300, "log_level": 0}'}
    away = load_settings({**environment, **client, variable: elsewhere[variable]}, tmp_path)

    with pytest.raises(ServiceAwayError) as caught:
        run_migrate(away, [].append)

    assert "s3cret" not in str(caught.value)
