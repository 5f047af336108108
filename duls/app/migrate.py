"""`duls migrate`: databases, keys, topics and settings to the current version; safe to repeat."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from duls.app.announcing import announce_again, announcement, send_outbox
from duls.config import Settings
from duls.errors import ConfigError
from sinks.connection import Connection, open_connection
from sinks.keys import KeyStore
from sinks.master_key import MASTER_KEY_BYTES, has_master_key, make_master_key, read_master_key
from sinks.migrate import ensure_database, migrate, migrate_keys
from sinks.patience import Patience
from sinks.registry import installation_id, latest_versions, load_settings, store_settings
from streams.clients import make_admin
from streams.topic_making import TopicChange, Wishes, ensure_topics
from streams.topics import OBSERVATIONS_TOPIC, describe_topic, topic_specs

ANSWER_S: Final = 5.0  # of the keys database

Progress = Callable[[str], None]
"""Takes one line about a step that is done."""


class MigrationReport(NamedTuple):
    """What was done; empty parts were current already."""

    databases_made: list[str]
    migrations: list[str]
    key_migrations: list[str]
    master_key_made: bool
    topics: list[TopicChange]
    settings_version: int
    messages_sent: int


def run_migrate(settings: Settings, progress: Progress) -> MigrationReport:
    """Bring everything that DULS needs to the current version.

    Raises:
        ConfigError: a topic, the login or the master key file cannot be used as it is.
        RefusedError: the database was migrated by a newer version.
        ServiceAwayError: the broker or a database does not answer.
    """
    made, migrations, key_migrations = _migrate_databases(settings, progress)
    key_made = _ensure_master_key(settings)
    if key_made:
        progress(f"made the master key file {settings.master_key_file}: keep a copy in a safe place")
    topics = _ensure_topics(settings, progress)
    with open_connection(settings.database_url, application_name="duls migrate") as connection:
        version, sent = _announce(connection, settings)
    progress(f"settings version {version} is announced ({sent} messages)")
    return MigrationReport(made, migrations, key_migrations, key_made, topics, version, sent)


def require_same_figures(connection: Connection, settings: Settings) -> None:
    """Refuse settings of figures that differ from those that the log was told of.

    Raises:
        ConfigError: they differ, or none were stored.
    """
    version = latest_versions(connection).settings
    stored = msgspec.json.decode(load_settings(connection, version)) if version else {}
    given = msgspec.to_builtins(settings.figures.document())
    differing = sorted(name for name in given if given[name] != stored.get(name))
    if differing:
        message = (
            f"of the settings of figures, {', '.join(differing)} differ from those that the log was told of: "
            "run `duls migrate` with the new ones first"
        )
        raise ConfigError(message)


def _migrate_databases(settings: Settings, progress: Progress) -> tuple[list[str], list[str], list[str]]:
    """Make and migrate both databases; return what was made and what was applied."""
    urls = {"the figures database": settings.database_url, "the keys database": settings.keys_url}
    made = [name for name, url in urls.items() if ensure_database(url)]
    for name in made:
        progress(f"made {name}")
    figures, keys = migrate(settings.database_url), migrate_keys(settings.keys_url)
    for name, applied in zip(urls, (figures, keys), strict=True):
        progress(f"{name} is current" + (f", after {', '.join(applied)}" if applied else ""))
    return made, figures, keys


def _ensure_master_key(settings: Settings) -> bool:
    """Make the master key file when it is missing, check that it can be read; return whether it was made."""
    path = settings.master_key_file
    if not has_master_key(path):
        _refuse_lost_key(settings, path)
    made = make_master_key(path, secrets.token_bytes)
    read_master_key(path)
    return made


def _refuse_lost_key(settings: Settings, path: Path) -> None:
    """Refuse to make a master key where day keys are wrapped by one that is not here."""
    store = KeyStore(
        settings.keys_url,
        bytes(MASTER_KEY_BYTES),  # ages are told without it
        reader="duls migrate",
        random_bytes=secrets.token_bytes,
        patience=Patience(ANSWER_S),
    )
    try:
        wrapped = sum(age.has_key for age in store.ages())
    finally:
        store.close()
    if wrapped:
        message = (
            f"the master key file {path} is missing, yet it wraps the keys of {wrapped} days: "
            "put it back, or name it with DULS_MASTER_KEY_FILE"
        )
        raise ConfigError(message)


def _ensure_topics(settings: Settings, progress: Progress) -> list[TopicChange]:
    """Make and check the topics."""
    kafka = settings.kafka
    admin = make_admin(kafka.bootstrap_servers, kafka.client)
    specs = topic_specs(kafka.retention_ms)
    wishes = Wishes(specs, kafka.partitions, kafka.replication_factor, kafka.trust_create_time)
    changes = ensure_topics(admin, wishes)
    for change in changes:
        progress(f"topic {change.name} {change.action}" + (f": {change.detail}" if change.detail else ""))
    return changes


def _announce(connection: Connection, settings: Settings) -> tuple[int, int]:
    """Store the settings and tell every partition of all newest versions; return version and count."""
    installation = installation_id(connection)
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    partitions = describe_topic(admin, OBSERVATIONS_TOPIC).partitions
    document = msgspec.json.encode(settings.figures.document()).decode()
    version = store_settings(connection, document, announcement("settings", installation, partitions))
    announce_again(connection, installation, partitions)
    return version, send_outbox(connection, settings)
