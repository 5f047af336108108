"""A plate is in the raw topic and nowhere else, whatever goes wrong with it; and the raw topic forgets in time."""

import base64
import gzip
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import psycopg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from psycopg import sql

from duls.api.uploads_routes import POSITIONS_PATH, VESDI_PATH
from duls.app.tokens import issue_token
from duls.config import load_settings
from duls.local_process import LOCALHOST
from streams.clients import make_admin
from streams.topic_making import Wishes, ensure_topics
from streams.topic_reader import make_reader, oldest_times_us
from streams.topics import POSITIONS_TOPIC, topic_specs
from tests.faults.canaries import canaries_in, canary_records, plate
from tests.faults.conftest import NewInstallation
from tests.faults.fault_run import DUE_AFTER_US, new_random
from tests.faults.figures_table import feed_counts
from tests.faults.installation import Installation, delete_topics
from tests.faults.plate_digests import DigestSearch, digests_of
from tests.faults.progress import has_all
from tests.faults.raw_topics import FMS, TOPICS, Outgoing, ends, messages_of, send
from tests.faults.role_process import RoleProcess
from tests.faults.unit_events import VARIABLES, squares_cameras, squares_geojson
from tests.faults.waiting import wait_until
from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

CANARIES = 10_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 500
PUSHED_EVERY = 4  # one record in so many comes over HTTP
TAKEN_S = 120.0
RETENTION_MS = 6_000
SWEEP_MS = 1_000  # the test broker looks so often for what is old
SLACK_MS = 10_000  # of a machine that stands still for seconds
DIGESTS = DigestSearch([42])
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
    folder = tmp_path / "talkative"
    variables = {
        **VARIABLES,
        "DULS_LOG_LEVEL": "debug",
        "DULS_FLUSH_MS": "200",
        "DULS_HTTP_BIND": f"{LOCALHOST}:0",
        "DULS_HTTP_TOKEN_KEY_FILE": str(folder / "token.key"),
        "DULS_INTAKE_REGISTERS_FOLDER": str(folder / "registers"),
        "DULS_PRIVACY_MONTH_KEY": "true",  # the more there is of a plate, the more could be found
    }
    installation = Installation(broker.bootstrap_servers, talkative_server.url, folder, variables)
    installation.prepare(squares_geojson(), squares_cameras())
    yield installation
    installation.end()


@pytest.mark.timeout(1_800)
def test_plates_are_in_the_raw_topics_and_nowhere_else(
    talkative: Installation, talkative_server: TimescaleServer
) -> None:
    """Nor is a digest: in all formats, spoiled in every way, a process killed and the database gone meanwhile."""
    random = new_random()
    now_us = time.time_ns() // 1_000
    register_canaries(talkative)
    token_for(talkative, "nobody")  # an API takes tokens of the keys that there were when it began
    intake, aggregate, api = (talkative.start(role) for role in ("intake", "aggregate", "api"))
    records = list(canary_records(CANARIES, now_us, talkative.partitions, random))
    sent = [record for number, record in enumerate(records) if number % PUSHED_EVERY]
    send(talkative.bootstrap_servers, sent)
    push(talkative, api, records[::PUSHED_EVERY])
    wait_until(lambda: "ready" in aggregate.log_text(), "aggregate works", deadline_s=TAKEN_S)
    talkative_server.kill()
    intake.kill()
    talkative_server.start()
    intake = talkative.start("intake", log="intake-again")
    end = ends(talkative.bootstrap_servers, talkative.partitions)
    wait_until(
        lambda: has_all(talkative, end, after_us=DUE_AFTER_US), "everything is taken", deadline_s=TAKEN_S
    )
    talkative.command("dlq", "replay")
    places = dict(_places(talkative, [intake, aggregate, api]))
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
    search = DigestSearch(range(CANARIES))
    assert {} == {place: found for place, text in places.items() if (found := search.canaries_in(text))}


def register_canaries(installation: Installation) -> None:
    """Load registers that name canaries, in good lines and bad ones."""
    folder = installation.folder
    rows = [
        f"{plate(number)},{'49.41' if number % 3 else plate(number)},7" for number in range(0, CANARIES, 2)
    ]
    (folder / "companies.csv").write_text("\n".join(["plate,sbi,size", *rows]))
    rows = [f"{plate(number)},ze,{plate(number)},,x" for number in range(0, CANARIES, 2)]
    (folder / "permits.csv").write_text("\n".join(["plate,zone_id,from,until,kind", *rows]))
    (folder / "rdw.csv").write_text(
        "\n".join(
            ["kenteken,voertuigsoort", *(f"{plate(number)},Bedrijfsauto" for number in range(CANARIES))]
        )
    )
    (folder / "broken.json").write_text(f'[{{"kenteken": "{plate(7)}"')
    for command in (["companies", "load", "companies.csv"], ["permits", "load", "permits.csv"]):
        installation.command(*command[:2], str(folder / command[2]))
    installation.command("rdw", "load", str(folder / "rdw.csv"))
    with pytest.raises(AssertionError, match="is not CSV or JSON"):
        installation.command("rdw", "load", str(folder / "broken.json"))


def push(installation: Installation, api: RoleProcess, records: list[Outgoing]) -> None:
    """Push records over HTTP, and the same content in requests that are refused or name a canary in a header."""
    token = token_for(installation, "supplier")
    wait_until(lambda: api.is_ready, "the API serves", deadline_s=TAKEN_S)
    limited = 0
    with httpx.Client(base_url=f"http://{LOCALHOST}:{_ready_port(api)}", timeout=60.0) as client:
        for number, record in enumerate(records):
            path = POSITIONS_PATH if record.source == FMS else VESDI_PATH
            name = plate(number)
            headers = {
                "X-API-Key": token,
                "X-Filename": name,
                "X-Request-Id": name,
                "X-Idempotency-Key": name,
            }
            content = record.value or b""
            packed = {**headers, "Content-Encoding": "gzip"}
            while (
                answer := client.post(path, content=gzip.compress(content), headers=packed)
            ).status_code == 429:
                # six hundred messages a minute are enough for nobody who tests
                limited += 1
                token = token_for(installation, f"supplier {limited}")
                packed["X-API-Key"] = headers["X-API-Key"] = token
            assert 202 == answer.status_code
            if number % 10 == 0:
                refused = [
                    client.post(path, content=content, headers={"X-API-Key": name}),
                    client.post(path, content=content, headers={**headers, "Content-Encoding": name}),
                    client.post(path, content=content + b"x", headers=packed),
                    client.post(path, content=b'{"a":"' + name.encode() * 80_000, headers=headers),
                    client.post(f"/{name}", content=content, headers=headers),
                ]
                assert {401, 400, 413, 415, 404} >= {answer.status_code for answer in refused} - {405, 429}


def token_for(installation: Installation, supplier: str) -> str:
    """Return a token that sends to both feeds."""
    settings = load_settings(installation.environment())
    scopes = ["send-positions", "send-detections"]
    return issue_token(settings, supplier, scopes=scopes, municipalities=[], days=1).token


def _ready_port(role: RoleProcess) -> int:
    """Return the port that the API serves on."""
    lines = [json.loads(line) for line in role.log_text().splitlines() if line.startswith("{")]
    return int(next(line["port"] for line in lines if line.get("event") == "ready"))


def _places(installation: Installation, roles: list[RoleProcess]) -> Iterator[tuple[str, bytes]]:
    """Yield every place that could hold a plate but must not, with all its bytes."""
    for role in roles:
        yield f"metrics of {role.name}", _metrics(role)
    yield "doctor", _said(installation, "doctor")
    letters = (("list",), ("list", "--json"), ("show", "--limit", "100000"))
    yield "dead letters", b"".join(_said(installation, "dlq", *words) for words in letters)
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
    told = ("health and metrics", "ready")  # the API tells of itself at its own port
    port = next(line["port"] for line in lines if line.get("event") in told and "port" in line)
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


@pytest.mark.parametrize("spelled", [bytes, bytes.hex, base64.b64encode])
def test_the_search_finds_a_digest_however_it_is_written(spelled: Callable[[bytes], bytes | str]) -> None:
    """In capitals too; and another one is not found."""
    for digest in digests_of("QZX0042"):
        written = spelled(digest)
        text = written if isinstance(written, bytes) else written.upper().encode()

        assert DIGESTS.canaries_in(b"x" * 1_001 + text + b"...") == {42}
        assert DIGESTS.canaries_in(b"x" * 1_001 + text[1:] + b"...") == set()


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
