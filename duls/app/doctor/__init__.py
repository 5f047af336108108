"""`duls doctor`: every link of the chain, each finding one sentence and one fix; no plate and no secret in it."""

from duls.app.aggregate_role import aggregate_group
from duls.app.doctor.alerts import look_at_alerts
from duls.app.doctor.broker import look_at_readers, look_at_records, look_at_topics
from duls.app.doctor.client import look_at_client
from duls.app.doctor.clocks import Clock
from duls.app.doctor.database import connect, look_at_figures, look_at_offsets, look_at_server
from duls.app.doctor.findings import Finding, Grade, exit_code
from duls.app.doctor.keys import look_at_keys
from duls.app.doctor.publication import look_at_publication
from duls.app.intake_role import intake_group
from duls.config import Settings
from duls.errors import ServiceAwayError
from sinks.connection import Connection
from sinks.registry import installation_id
from streams.client_library import load_library
from streams.topic_reader import bounds, make_reader
from streams.topics import OBSERVATIONS_TOPIC, TopicInfo

__all__ = ["Finding", "Grade", "examine", "exit_code"]


def examine(settings: Settings, now: Clock) -> list[Finding]:
    """Look at every link that can be looked at, and return what was found.

    Args:
        settings: of this process; broker and database must be named.
        now: seconds since 1970 UTC.
    """
    found, topics = look_at_topics(settings)
    findings = [look_at_client(load_library()), *found]
    try:
        if topics:
            findings += look_at_records(settings, topics, now)
        found, connection = connect(settings)
        findings += found
        if connection is not None:
            with connection:
                findings += _look_at_data(settings, connection, topics, now)
        findings += look_at_keys(settings, topics)
    except ServiceAwayError as error:
        findings.append(Finding(Grade.AWAY, "services", str(error), "start it and ask again"))
    return findings


def _look_at_data(
    settings: Settings, connection: Connection, topics: dict[str, TopicInfo], now: Clock
) -> list[Finding]:
    """Look at what the database holds, and how it fits what the broker holds."""
    findings = [*look_at_server(connection, now), *look_at_figures(connection, settings)]
    findings += look_at_publication(connection, settings)
    findings += look_at_alerts(connection, settings)
    observations = topics.get(OBSERVATIONS_TOPIC)
    if observations is None:
        return findings
    installation = installation_id(connection)
    groups = {"intake": intake_group(installation), "aggregate": aggregate_group(installation)}
    findings += look_at_readers(settings, topics, groups)
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    try:
        found = bounds(reader, observations.name, observations.partitions)
    finally:
        reader.close()
    end_of = {number: end for number, (_oldest, end) in found.items()}
    return [*findings, *look_at_offsets(connection, observations, end_of)]
