"""The figures database: schema, server, progress, feeds and the law that visits obey."""

from collections.abc import Callable, Iterator
from typing import Final

from duls.app.doctor.clocks import Clock, check_database_clock
from duls.app.doctor.findings import Finding, Grade, duration, note, ok, wrong
from duls.app.migrate import require_same_figures
from duls.config import Settings
from duls.errors import ConfigError, DulsError, ServiceAwayError
from sinks import doctor
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.registry import latest_versions, load_cameras
from sinks.server import server_facts
from streams.topics import TopicInfo

BEHIND_S: Final = 60.0  # a feed whose figures are older is worth a look
OUTBOX_S: Final = 60.0
RECENT_US: Final = 24 * 3_600 * 1_000_000
MIGRATE: Final = "run `duls migrate`"
LINK: Final = "database"


def connect(settings: Settings) -> tuple[list[Finding], Connection | None]:
    """Connect to the figures database and check its schema; return the connection when both are well."""
    try:
        connection = open_connection(settings.database_url, application_name="duls doctor")
    except ServiceAwayError as error:
        return [Finding(Grade.AWAY, LINK, str(error), "start it, or correct DULS_DATABASE_URL")], None
    try:
        require_current(settings.database_url)
    except DulsError as error:
        connection.close()
        grade = Grade.SETTING if isinstance(error, ConfigError) else Grade.WRONG
        return [Finding(grade, LINK, str(error), MIGRATE)], None
    return [ok(LINK, "the figures database answers and its schema is current")], connection


def look_at_server(connection: Connection, now: Clock) -> list[Finding]:
    """Look at the server and its clock."""
    asked_s = now()
    facts = server_facts(connection)
    clock = check_database_clock(facts.now_us, asked_s, now())
    server = f"PostgreSQL {facts.version}"
    if facts.timescale_version is None:
        return [note(LINK, f"{server} without TimescaleDB: plain tables, for a demo or a small city"), clock]
    server += f" with TimescaleDB {facts.timescale_version} ({facts.licence} licence)"
    return [ok(LINK, server), clock]


def look_at_figures(connection: Connection, settings: Settings) -> list[Finding]:
    """Look at what is stored."""
    looks: tuple[Callable[[Connection], Iterator[Finding]], ...] = (
        lambda c: _versions(c, settings),
        _conservation,
        _feeds,
        _gaps,
        _outbox,
        _cameras,
    )
    return [finding for look in looks for finding in look(connection)]


def look_at_offsets(connection: Connection, topic: TopicInfo, end_of: dict[int, int]) -> list[Finding]:
    """Compare the stored offsets with the observation topic and its ends."""
    stored = doctor.offsets(connection)
    if not stored:
        return [note("aggregate", "no observation was ever taken")]
    strangers = {state.topic_id for state in stored} - {topic.topic_id}
    if strangers:
        sentence = f"the offsets in the database speak of another topic than {topic.name} is now"
        fix = "bring back the topic they speak of, or run `duls run aggregate --from-beginning` once"
        return [wrong("aggregate", sentence, fix)]
    behind = sum(max(0, end_of.get(state.partition, 0) - state.next_offset) for state in stored)
    beyond = [s.partition for s in stored if s.next_offset > end_of.get(s.partition, s.next_offset)]
    if beyond:
        sentence = f"the database is ahead of observation partitions {beyond}: the broker has lost messages"
        return [wrong("aggregate", sentence, "find out what the broker lost before starting aggregate")]
    return [ok("aggregate", f"aggregate is {behind} messages behind the end of {topic.name}")]


def _versions(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Look at zones, cameras and settings."""
    versions = latest_versions(connection)
    if not versions.zones:
        yield wrong("registry", "no zones are loaded, so no figure can be", "run `duls zones load FILE`")
    if not versions.cameras:
        yield note("registry", "no cameras are loaded: detections will be rejected")
    try:
        require_same_figures(connection, settings)
    except ConfigError as error:
        yield Finding(Grade.SETTING, "settings", str(error), MIGRATE)
    else:
        yield ok(
            "settings", f"zones {versions.zones}, cameras {versions.cameras}, settings {versions.settings}"
        )


def _conservation(connection: Connection) -> Iterator[Finding]:
    """Look at the law: visits opened less visits closed are the open ones."""
    law = doctor.conservation(connection)
    sentence = f"{law.opened} visits opened, {law.closed} closed, {law.open_visits} open"
    if law.holds:
        yield ok("visits", sentence)
    else:
        fix = "this is a defect of ours: keep the database and report it"
        yield wrong("visits", f"the law of visits is broken: {sentence}", fix)


def _feeds(connection: Connection) -> Iterator[Finding]:
    """Look at how old the figures of each feed are."""
    for feed in doctor.feeds(connection):
        link = f"feed {feed.feed}"
        if feed.complete_through_us is None or feed.lag_s is None:
            yield note(link, "nothing has come yet")
        elif feed.lag_s > BEHIND_S:
            sentence = f"its figures are {duration(feed.lag_s)} old"
            yield wrong(link, sentence, "see whether intake and aggregate run, and whether the sender sends")
        elif not feed.accepted_1h:
            yield note(link, "silent for an hour")
        else:
            counts = f"{feed.accepted_1h} accepted and {feed.rejected_1h} rejected in the last hour"
            yield ok(link, f"{counts}, figures {duration(feed.lag_s)} old")


def _gaps(connection: Connection) -> Iterator[Finding]:
    """Look at records that were lost."""
    now_us = server_facts(connection).now_us
    recent = [gap for gap in doctor.gaps(connection) if now_us - gap.noticed_us < RECENT_US]
    if not recent:
        yield ok("gaps", "no records were lost in the last day")
        return
    lost = sum(noticed.gap.to_offset - noticed.gap.from_offset for noticed in recent)
    sentence = f"{lost} raw records were gone before they were read, in the last day"
    yield wrong("gaps", sentence, "keep raw records longer (kafka.retention_ms), or add intake processes")


def _outbox(connection: Connection) -> Iterator[Finding]:
    """Look at messages that wait to be sent."""
    waiting = doctor.outbox(connection)
    if waiting.messages and waiting.oldest_age_s > OUTBOX_S:
        sentence = f"{waiting.messages} messages wait in the outbox, for {duration(waiting.oldest_age_s)}"
        yield wrong("outbox", sentence, "see whether aggregate runs: it sends them")
    else:
        yield ok("outbox", f"{waiting.messages} messages wait")


def _cameras(connection: Connection) -> Iterator[Finding]:
    """Look at detections by cameras that nobody registered."""
    version = latest_versions(connection).cameras
    registered = {camera.camera_id for camera in load_cameras(connection, version)} if version else set()
    unknown = [seen for seen in doctor.unknown_cameras(connection) if seen.camera_id not in registered]
    if unknown:
        rejected = sum(camera.detections for camera in unknown)
        busiest = unknown[0].camera_id
        sentence = f"{rejected} detections came from {len(unknown)} unregistered cameras, most from {busiest}"
        yield wrong("cameras", sentence, "add them to the registry, load it, then `duls dlq replay`")
