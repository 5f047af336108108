"""`duls privacy report`: what is kept of people, since when, until when, and who may read it."""

import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from duls.config import Settings
from sinks.connection import Connection, open_connection
from sinks.keys import KeyAge, KeyStore
from sinks.master_key import MASTER_KEY_BYTES
from sinks.migrate import require_current
from sinks.month_keys import MonthKeyStore
from sinks.patience import Patience
from sinks.privacy import PublishedDays, oldest_us, published_days, readers
from sinks.retention import Retention
from streams.clients import make_admin
from streams.topic_reader import make_reader, oldest_times_us
from streams.topics import (
    DEAD_DETECTIONS_TOPIC,
    DEAD_POSITIONS_TOPIC,
    DETECTIONS_TOPIC,
    OBSERVATION_RETENTION_MS,
    OBSERVATIONS_TOPIC,
    POSITIONS_TOPIC,
    describe_topics,
)

PATIENCE_S: Final = 5.0
HOUR_S: Final = 3_600
DEAD_LETTERS_S: Final = 7 * 86_400
KEYS_DAYS: Final = 8
KAFKA_READERS: Final = {
    "raw": ("duls run intake",),
    "observations": ("duls run aggregate",),
    "dead_letters": ("duls dlq",),
}


class Kept(NamedTuple):
    """One kind of data: where it is, since when there is some, how long it is kept, and who reads it."""

    what: str  # its name in the catalogue of texts
    where: tuple[str, ...]
    since_us: int | None  # oldest that is there now; None: there is none
    kept_s: float | None  # None: until it is replaced
    readers: tuple[str, ...]

    @property
    def until_us(self) -> int | None:
        """Return when the oldest of it goes at the latest; None where there is none, or no such time."""
        if self.since_us is None or self.kept_s is None:
            return None
        return self.since_us + int(self.kept_s * 1_000_000)


class Keys(NamedTuple):
    """The keys of days or months: how many there are, how many are destroyed, and what comes next."""

    kept: int
    destroyed: int
    overdue: int
    next_destruction_us: int | None
    oldest_day: int | None  # of those kept, days since 1970; of a month its first


class Report(NamedTuple):
    """All of it, at one time."""

    made_us: int
    kept: list[Kept]
    keys: Keys
    month_keys: Keys
    has_month_key: bool  # whether detected vehicles are known over a month
    published: list[PublishedDays]
    k: int
    carriers: int


class _Table(NamedTuple):
    """Tables and views that hold one kind of data; the first is looked at for the oldest."""

    what: str
    oldest: str
    relations: tuple[str, ...]
    kept_s: float | None


def privacy_report(settings: Settings, now: Callable[[], float]) -> Report:
    """Return what is kept by now (seconds since 1970 UTC).

    Raises:
        ServiceAwayError: the broker or a database does not answer.
    """
    require_current(settings.database_url)
    kept = _topics(settings)
    with open_connection(settings.database_url, application_name="duls privacy") as connection:
        kept += _rows(connection, settings)
        published = published_days(connection)
    rule = settings.publication
    return Report(
        int(now() * 1_000_000),
        kept,
        _keys(KeyStore, settings),
        _keys(MonthKeyStore, settings),
        settings.privacy.month_key,
        published,
        rule.k,
        rule.carriers,
    )


def _topics(settings: Settings) -> list[Kept]:
    """Return what topics hold; the oldest record that can be read decides, whatever the broker is set to."""
    groups = (
        ("raw", (POSITIONS_TOPIC, DETECTIONS_TOPIC), settings.kafka.retention_ms / 1_000),
        ("observations", (OBSERVATIONS_TOPIC,), OBSERVATION_RETENTION_MS / 1_000),
        ("dead_letters", (DEAD_POSITIONS_TOPIC, DEAD_DETECTIONS_TOPIC), float(DEAD_LETTERS_S)),
    )
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    told = describe_topics(admin, [name for _, names, _ in groups for name in names])
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    try:
        found = []
        for what, names, kept_s in groups:
            times: list[int] = []
            for name in names:
                if (info := told[name]) is not None:
                    times += oldest_times_us(reader, name, info.partitions).values()
            found.append(Kept(what, names, min(times, default=None), kept_s, KAFKA_READERS[what]))
    finally:
        reader.close()
    return found


def _tables(settings: Settings) -> tuple[_Table, ...]:
    """Return what the figures database keeps, and for how long."""
    retention = Retention(slot_s=settings.database.retention_slot_h * HOUR_S)
    return (
        _Table("snapshots", "snapshot", ("core.snapshot", "core.snapshot_chunk"), None),
        _Table("references", "vehicle_reference", ("core.vehicle_reference",), retention.reference_s),
        _Table("carriers", "carrier_hour", ("core.carrier_hour", "core.carrier_day"), retention.live_s),
        _Table("visitors", "visitor", ("core.visitor",), retention.visitor_s),
        _Table("slots", "flow_slot", ("core.flow_slot", "live.zone_flow"), retention.slot_s),
        _Table("hours", "flow_hour", ("core.flow_hour", "live.zone_flow_hour"), retention.live_s),
        _Table("days", "flow_day", ("core.flow_day", "live.zone_flow_day"), retention.live_s),
        _Table("cameras", "camera_hour", ("core.camera_hour", "live.camera_flow_hour"), retention.live_s),
        _Table(
            "history",
            "published_day",
            (
                "core.published_day",
                "history.zone_flow_day",
                "core.published_camera_hour",
                "history.camera_hour",
                "history.zone_visitor_origin",
                "history.zone_visitor_branch",
                "history.zone_visitor_size",
            ),
            retention.history_s,
        ),
        _Table("alerts", "alert", ("core.alert", "live.alert"), retention.alert_s),
        _Table("access_log", "access_log", ("core.access_log",), retention.access_s),
    )


def _rows(connection: Connection, settings: Settings) -> list[Kept]:
    """Return what tables hold, and the roles and logins that may read them."""
    oldest = oldest_us(connection)
    return [
        Kept(
            table.what,
            table.relations,
            oldest[table.oldest],
            table.kept_s,
            tuple(readers(connection, table.relations)),
        )
        for table in _tables(settings)
    ]


def _keys(kind: type[KeyStore] | type[MonthKeyStore], settings: Settings) -> Keys:
    """Return what there is of keys of days or months; none of them is read."""
    store = kind(
        settings.keys_url,
        bytes(MASTER_KEY_BYTES),  # ages are told without it
        reader="duls privacy",
        random_bytes=secrets.token_bytes,
        patience=Patience(PATIENCE_S),
    )
    try:
        return keys_of(store.ages())
    finally:
        store.close()


def keys_of(ages: list[KeyAge]) -> Keys:
    """Return what the ages of keys come to."""
    kept = [age for age in ages if age.has_key]
    return Keys(
        len(kept),
        len(ages) - len(kept),
        sum(age.is_overdue for age in kept),
        min((age.destroy_after_us for age in kept), default=None),
        min((age.day for age in kept), default=None),
    )
