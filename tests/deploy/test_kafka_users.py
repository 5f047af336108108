"""The rights that Kafka's users get on Kubernetes are enough for every role, on a real broker that grants no others."""

import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import psycopg
import pytest
import yaml
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from duls.app.migrate import run_migrate
from duls.app.registry import load_zone_file
from duls.app.tokens import issue_token
from duls.config import load_settings
from duls.local_process import LOCALHOST, free_port
from streams.topics import DETECTIONS_TOPIC, OBSERVATIONS_TOPIC, POSITIONS_TOPIC
from tests.deploy.files import DEPLOY
from tests.faults.installation import Installation
from tests.faults.role_process import RoleProcess
from tests.faults.waiting import wait_until
from tests.services.external import Database
from tests.services.fetch import FetchError, fetch_kafka
from tests.services.kafka import KafkaServer

USERS: Final = DEPLOY / "kubernetes" / "kafka" / "users.yaml"
ROLES: Final = ("intake", "aggregate", "alert", "api")
PASSWORD: Final = secrets.token_hex(8)
PATTERNS: Final = {"literal": ResourcePatternType.LITERAL, "prefix": ResourcePatternType.PREFIXED}
OPERATIONS: Final = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Alter": AclOperation.ALTER,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
}
START_S: Final = 300.0  # kernels may have to be compiled
DEADLINE_S: Final = 60.0
ZONE_ID: Final = "plein"
ZONE: Final = {
    "type": "Feature",
    "properties": {"id": ZONE_ID, "name": "Plein", "kind": "smart_zone", "capacity": 5},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.1], [5.0, 52.0]]],
    },
}


def users() -> dict[str, list[dict[str, Any]]]:
    """Return the rules of every user of the manifest."""
    documents = yaml.safe_load_all(USERS.read_text(encoding="utf-8"))
    return {found["metadata"]["name"]: found["spec"]["authorization"]["acls"] for found in documents}


def bindings() -> Iterator[AclBinding]:
    """Yield every rule as a broker takes it."""
    for user, rules in users().items():
        for rule in rules:
            resource = rule["resource"]
            for operation in rule["operations"]:
                yield AclBinding(
                    ResourceType[resource["type"].upper()],
                    resource["name"],
                    PATTERNS[resource["patternType"]],
                    f"User:{user}",
                    "*",
                    OPERATIONS[operation],
                    AclPermissionType.ALLOW,
                )


class GuardedKafka(KafkaServer):
    """A broker with a second listener, on which whoever is no user of the manifest gets nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.users_address = f"{LOCALHOST}:{free_port()}"

    def _all_settings(self) -> dict[str, str]:
        """Gather the settings; the first listener, which nobody else knows, is for giving rights."""
        usual = super()._all_settings()
        logins = " ".join(f'user_{user}="{PASSWORD}"' for user in users())
        module = "org.apache.kafka.common.security.plain.PlainLoginModule"
        return {
            **usual,
            "listeners": f"{usual['listeners']},USERS://{self.users_address}",
            "advertised.listeners": f"{usual['advertised.listeners']},USERS://{self.users_address}",
            "listener.security.protocol.map": f"{usual['listener.security.protocol.map']},USERS:SASL_PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.users.plain.sasl.jaas.config": f"{module} required {logins};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
        }


def signed_in(user: str) -> dict[str, str]:
    """Return the properties of a client that signs in."""
    return {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": PASSWORD,
    }


def as_user(user: str, **more: str) -> dict[str, str]:
    """Return the variables of a process that signs in."""
    return {"DULS_KAFKA_CLIENT": json.dumps(signed_in(user)), **more}


@pytest.fixture(scope="module")
def broker() -> Iterator[GuardedKafka]:
    """Run a broker with the rights of the manifest."""
    try:
        fetch_kafka()
    except FetchError as error:
        pytest.skip(str(error))
    with GuardedKafka() as server:
        admin = AdminClient({"bootstrap.servers": server.bootstrap_servers, "log_level": 0})
        for future in admin.create_acls(list(bindings())).values():
            future.result(DEADLINE_S)
        yield server


@pytest.fixture(scope="module")
def installation(
    broker: GuardedKafka, timescale: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """Give an installation with a zone, made as the user who may."""
    folder = tmp_path_factory.mktemp("users")
    keys = {"DULS_HTTP_TOKEN_KEY_FILE": str(folder / "token.key")}
    made = Installation(broker.users_address, timescale.create_database("users"), folder, keys)
    zones = folder / "zones.geojson"
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": [ZONE]}))
    settings = load_settings(made.environment(as_user("duls-migrate")))
    run_migrate(settings, lambda _line: None)
    load_zone_file(settings, zones)
    yield made
    made.end()


@pytest.mark.services
@pytest.mark.slow
def test_every_role_works_with_the_rights_of_its_user(installation: Installation) -> None:
    """All become ready, positions from Kafka and over HTTP and an operator's deed come through, none is refused."""
    address = f"{LOCALHOST}:{free_port()}"
    token = token_for(installation)
    http = {"DULS_HTTP_BIND": address}
    roles = {role: installation.start(role, extra=as_user(f"duls-{role}", **http)) for role in ROLES}
    wait_until(lambda: all_ready(roles), "every role is ready", deadline_s=START_S)

    send_positions(installation.bootstrap_servers)
    wait_until(lambda: 1 == present(installation), "the vehicle is in the zone", deadline_s=DEADLINE_S)

    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://{address}", headers=headers, timeout=DEADLINE_S) as client:
        pushed = client.post("/v1/positions", json=way("NL:VB-456-K"))
        assert 202 == pushed.status_code, pushed.text
        wait_until(lambda: 2 == present(installation), "the pushed one, too", deadline_s=DEADLINE_S)
        wait_until(lambda: is_silenced(client), "an alert process handles a deed", deadline_s=DEADLINE_S)
    assert "AUTHORIZATION" not in installation.logs().upper()


def token_for(installation: Installation) -> str:
    """Issue a token of somebody who acts, and who sends."""
    settings = load_settings(installation.environment())
    scopes = ["operator", "act", "send-positions"]
    return issue_token(settings, "tester", scopes=scopes, municipalities=[], days=1).token


def is_silenced(client: httpx.Client) -> bool:
    """Silence the zone, once however often it is asked; tell whether that took effect."""
    until = datetime.now(UTC) + timedelta(hours=1)
    answer = client.post(
        f"/v1/zones/{ZONE_ID}/silence",
        json={"until": until.isoformat()},
        headers={"Idempotency-Key": "works"},
    )
    assert answer.status_code in {200, 202}, answer.text
    return 200 == answer.status_code


def all_ready(roles: dict[str, RoleProcess]) -> bool:
    """Tell whether every role is at work; one that ended is an error."""
    for role, process in roles.items():
        assert process.exit_code is None, f"{role} ended:\n{process.log_tail()}"
    return all(process.is_ready for process in roles.values())


def send_positions(bootstrap_servers: str) -> None:
    """Send a vehicle's way through the zone, as a sender."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, **signed_in("duls-sender")})
    for position in way("NL:VB-123-K"):
        producer.produce(POSITIONS_TOPIC, json.dumps(position).encode())
    assert 0 == producer.flush(DEADLINE_S)


def way(vehicle: str) -> list[dict[str, Any]]:
    """Return positions of a vehicle in the zone, from now on."""
    begin_ms = round(time.time() * 1_000)
    return [
        {"vehicle": vehicle, "time": begin_ms + step, "lat": 52.05, "lon": 5.05 + step * 1e-5}
        for step in range(5)
    ]


def present(installation: Installation) -> int:
    """Return how many vehicles are in zones."""
    with psycopg.connect(installation.database_url) as connection:
        return sum(count for (count,) in connection.execute("SELECT present FROM live.zone_now"))


@pytest.mark.parametrize(
    ("topic", "reader"),
    [
        (POSITIONS_TOPIC, "duls-intake"),
        (DETECTIONS_TOPIC, "duls-intake"),
        (OBSERVATIONS_TOPIC, "duls-aggregate"),
    ],
)
def test_what_may_tell_of_vehicles_has_one_reader(topic: str, reader: str) -> None:
    """Raw records, which carry plates, and observations; no rule names all topics."""
    readers = {
        user
        for user, rules in users().items()
        for rule in rules
        if "Read" in rule["operations"] and covers(rule["resource"], topic)
    }

    assert {reader} == readers


def covers(resource: dict[str, str], topic: str) -> bool:
    """Tell whether a rule is about a topic."""
    is_prefix = resource["patternType"] == "prefix"
    return resource["type"] == "topic" and (
        topic.startswith(resource["name"]) if is_prefix else topic == resource["name"]
    )
