"""A plate is in the raw topic and nowhere else, whatever goes wrong with it; and the raw topic forgets in time."""

import json
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from psycopg import sql

from duls.local_process import LOCALHOST
from streams.clients import make_admin
from streams.topic_making import Wishes, ensure_topics
from streams.topic_reader import make_reader, oldest_times_us
from streams.topics import POSITIONS_TOPIC, topic_specs
from tests.faults.canaries import canaries_in, canary_records
from tests.faults.conftest import NewInstallation
from tests.faults.fault_run import DUE_AFTER_US, new_random
from tests.faults.figures_table import feed_counts
from tests.faults.installation import Installation, delete_topics
from tests.faults.progress import has_all
from tests.faults.raw_topics import TOPICS, ends, messages_of, send
from tests.faults.role_process import RoleProcess
from tests.faults.unit_events import VARIABLES, squares_cameras, squares_geojson
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

CANARIES = 1_000
TAKEN_S = 120.0
RETENTION_MS = 6_000
SWEEP_MS = 1_000  # the test broker looks so often for what is old
SLACK_MS = 2_000
IN_DATABASE = "database "  # start of the name of a place that is in a database


@pytest.fixture
def talkative_server() -> Iterator[TimescaleServer]:
    """Run a TimescaleDB that logs every statement with its parameters."""
    with TimescaleServer(log_statements=True, settings={"log_parameter_max_length": "-1"}) as server:
        yield server


@pytest.fixture
def talkative(
    broker: KafkaServer, talkative_server: TimescaleServer, tmp_path: Path
) -> Iterator[Installation]:
    """Give an installation whose roles and database log all they can."""
    delete_topics(broker.bootstrap_servers)
    variables = {**VARIABLES, "DULS_LOG_LEVEL": "debug", "DULS_FLUSH_MS": "200"}
    installation = Installation(
        broker.bootstrap_servers, talkative_server.url, tmp_path / "talkative", variables
    )
    installation.prepare(squares_geojson(), squares_cameras())
    yield installation
    installation.end()


def test_plates_are_in_the_raw_topics_and_nowhere_else(
    talkative: Installation, talkative_server: TimescaleServer
) -> None:
    """A thousand of them, valid and spoiled in every way, with a process killed and the database gone meanwhile."""
    random = new_random()
    now_us = time.time_ns() // 1_000
    intake, aggregate = talkative.start("intake"), talkative.start("aggregate")
    send(talkative.bootstrap_servers, canary_records(CANARIES, now_us, talkative.partitions, random))
    wait_until(lambda: "ready" in aggregate.log_text(), "aggregate works", deadline_s=TAKEN_S)
    talkative_server.kill()
    intake.kill()
    talkative_server.start()
    intake = talkative.start("intake", log="intake-again")
    end = ends(talkative.bootstrap_servers, talkative.partitions)
    wait_until(
        lambda: has_all(talkative, end, after_us=DUE_AFTER_US), "everything is taken", deadline_s=TAKEN_S
    )
    places = dict(_places(talkative, [intake, aggregate]))
    places["log of the database"] = talkative_server.log_text().encode()
    raw = b"\n".join(_topic(talkative, topic) for topic in TOPICS.values())
    counts = feed_counts(talkative.database_url)
    sys.stdout.write(
        f"{len(places)} places, {sum(map(len, places.values())):,} bytes; "
        f"{ {source: dict(found) for source, found in counts.items()} }\n"
    )

    assert set(range(CANARIES)) == canaries_in(raw)
    assert b"feed_minute" in places["log of the database"]
    assert all(counts[source]["accepted"] and counts[source]["rejected"] for source in counts)
    assert {} == {place: found for place, text in places.items() if (found := canaries_in(text))}


def _places(installation: Installation, roles: list[RoleProcess]) -> Iterator[tuple[str, bytes]]:
    """Yield every place that could hold a plate but must not, with all its bytes."""
    for role in roles:
        yield f"metrics of {role.name}", _metrics(role)
    yield "doctor", _said(installation, "doctor")
    yield "dead letters", _said(installation, "dlq", "list") + _said(installation, "dlq", "list", "--json")
    yield "logs", installation.logs().encode()
    admin = AdminClient({"bootstrap.servers": installation.bootstrap_servers, "log_level": 0})
    for topic in sorted(admin.list_topics(timeout=10).topics):
        if topic not in TOPICS.values():
            yield f"topic {topic}", _topic(installation, topic)
    for name, url in (("figures", installation.database_url), ("keys", installation.keys_url)):
        for table, text in _tables(url).items():
            yield f"{IN_DATABASE}{name}: {table}", text


def _metrics(role: RoleProcess) -> bytes:
    """Return what a role tells Prometheus."""
    lines = [json.loads(line) for line in role.log_text().splitlines() if line.startswith("{")]
    port = next(line["port"] for line in lines if line.get("event") == "health and metrics")
    with urllib.request.urlopen(f"http://{LOCALHOST}:{port}/metrics", timeout=5.0) as answer:
        return bytes(answer.read())


def _said(installation: Installation, *arguments: str) -> bytes:
    """Return what a command prints; the doctor may find something."""
    try:
        return installation.command(*arguments).encode()
    except AssertionError as finding:
        return str(finding).encode()


def _topic(installation: Installation, topic: str) -> bytes:
    """Return all keys, headers and values that a topic holds."""
    admin = AdminClient({"bootstrap.servers": installation.bootstrap_servers, "log_level": 0})
    partitions = len(admin.list_topics(topic, timeout=10).topics[topic].partitions)
    parts: list[bytes] = []
    for message in messages_of(installation.bootstrap_servers, topic, partitions):
        parts += [message.key() or b"", message.value() or b"", repr(message.headers()).encode()]
    return b"\n".join(parts)


def _tables(url: str) -> Mapping[str, bytes]:
    """Return every row of every table of ours as text; bytes in it are hexadecimal."""
    with psycopg.connect(url, autocommit=True) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg_temp%'"
        ).fetchall()
        texts = {}
        for schema, name in names:
            statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT").format(sql.Identifier(schema, name))
            with connection.cursor() as cursor, cursor.copy(statement) as copy:
                texts[f"{schema}.{name}"] = b"".join(bytes(piece) for piece in copy)
    return texts


@pytest.mark.parametrize(
    "spelled", [b"QZX0042", b"qzx-00-42", b"NL:QZX 0042", b"515a5830303432", "QZX0042".encode("utf-16-le")]
)
def test_the_search_finds_a_plate_however_it_is_spelled(spelled: bytes) -> None:
    """A search that finds nothing proves nothing."""
    assert canaries_in(b"..." + spelled + b"...") == {42}


def test_the_oldest_readable_raw_record_is_never_older_than_promised(
    new_installation: NewInstallation, broker: KafkaServer
) -> None:
    """Retention and one segment: while records trickle in, what is older is gone; without short segments it is not."""
    servers = new_installation().bootstrap_servers
    ensure_topics(make_admin(servers, {}), Wishes(topic_specs(RETENTION_MS), partitions=1))
    long_segments = _topic_with_long_segments(broker)
    limit_s = (RETENTION_MS + RETENTION_MS // 6 + SWEEP_MS + SLACK_MS) / 1_000
    producer = Producer({"bootstrap.servers": servers, "log_level": 0})
    begin_s = time.monotonic()
    ages_s: dict[str, list[float]] = {POSITIONS_TOPIC: [], long_segments: []}

    def watch() -> bool:
        for topic, ages in ages_s.items():
            producer.produce(topic, b"a record", partition=0)
            producer.flush(5.0)
            ages.append(_oldest_age_s(servers, topic))
        return time.monotonic() - begin_s > 2 * limit_s

    wait_until(watch, "the time is over", deadline_s=3 * limit_s, poll_s=0.2)
    sys.stdout.write(
        f"oldest record at most {max(ages_s[POSITIONS_TOPIC]):.1f} s old, {limit_s:.1f} s allowed; "
        f"with long segments {max(ages_s[long_segments]):.1f} s\n"
    )

    assert max(ages_s[POSITIONS_TOPIC]) <= limit_s
    assert max(ages_s[long_segments]) > limit_s


def _topic_with_long_segments(broker: KafkaServer) -> str:
    """Make a topic with the same retention whose segments are left as Kafka has them; return its name."""
    name = "duls.long.segments"
    admin = AdminClient({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
    topic = NewTopic(name, 1, 1, config={"retention.ms": str(RETENTION_MS)})
    for future in admin.create_topics([topic]).values():
        future.result(30.0)
    return name


def _oldest_age_s(bootstrap_servers: str, topic: str) -> float:
    """Return the age of the oldest record that can be read, in seconds."""
    reader = make_reader(bootstrap_servers, {})
    try:
        oldest_us = oldest_times_us(reader, topic, 1)
    finally:
        reader.close()
    return time.time() - min(oldest_us.values()) / 1e6 if oldest_us else 0.0
