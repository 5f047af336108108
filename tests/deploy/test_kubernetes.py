"""The Kubernetes manifests hold together, as kustomize builds them: schemas, settings, users, secrets, network."""

import base64
import os
import pty
import re
import shutil
import stat
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import kubernetes_validate
import pytest
import yaml

from duls.config import Need, load_settings, settings_reference
from sinks.master_key import read_master_key
from streams.topics import topic_specs
from tests.deploy.files import DEPLOY, ROOT
from tests.faults.waiting import wait_until

FOLDER = DEPLOY / "kubernetes"
VERSION = "1.32"
ROLES = ("intake", "aggregate", "alert", "api")
API_DATABASE = "postgresql://duls_http:p@db.example/duls"
DATABASES = (
    "postgresql://duls:p@db.example/duls",
    "postgresql://duls_keys:p@keys.example/duls_keys",
    API_DATABASE,
)
STRIMZI_SECRETS = {"duls-cluster-ca-cert"}  # beside one for each user
# what the operator keeps for itself, by its documentation of `spec.kafka.config`
STRIMZI_OWN = re.compile(
    r"(listeners|advertised|broker|listener|host\.name|port|inter\.broker|sasl|ssl|security|node)\b"
)

Document = dict[str, Any]


class Pod(NamedTuple):
    """The pods of one workload."""

    name: str
    labels: dict[str, str]
    spec: Document

    @property
    def containers(self) -> list[Document]:
        """Return all containers, those that only prepare too."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def main(self) -> Document:
        """Return the container that stays."""
        (container,) = self.spec["containers"]
        return dict(container)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the manifests with secrets."""
    copied = tmp_path_factory.mktemp("kubernetes") / "kubernetes"
    shutil.copytree(FOLDER, copied, ignore=shutil.ignore_patterns("secrets*"))
    set_up = subprocess.run([copied / "setup.sh"], input="\n".join(DATABASES), text=True, check=False)
    assert 0 == set_up.returncode
    return copied


@pytest.fixture(scope="module")
def documents(folder: Path) -> list[Document]:
    """Give what is applied for the roles."""
    return built(folder)


@pytest.fixture(scope="module")
def kafka(folder: Path) -> list[Document]:
    """Give what is applied for Kafka."""
    return built(folder / "kafka")


@pytest.fixture(scope="module")
def pods(documents: list[Document]) -> dict[str, Pod]:
    """Give the pods of every workload."""
    return {
        document["metadata"]["name"]: Pod(
            document["metadata"]["name"],
            document["spec"]["template"]["metadata"]["labels"],
            document["spec"]["template"]["spec"],
        )
        for document in documents
        if document["kind"] in {"Deployment", "Job"}
    }


def built(folder: Path) -> list[Document]:
    """Return what kustomize makes of a folder."""
    if not shutil.which("kubectl"):
        if os.environ.get("CI") == "true":
            pytest.fail("kubectl, which has kustomize, is not installed")
        pytest.skip("kubectl, which has kustomize, is not installed")
    command = ["kubectl", "kustomize", str(folder)]
    return list(yaml.safe_load_all(subprocess.run(command, capture_output=True, check=True).stdout))


def of_kind(documents: list[Document], kind: str) -> dict[str, Document]:
    """Return the documents of a kind by name."""
    return {found["metadata"]["name"]: found for found in documents if found["kind"] == kind}


def test_manifests_are_as_kubernetes_says(documents: list[Document]) -> None:
    """By its own schemas, without a field that they do not know."""
    for document in documents:
        kubernetes_validate.validate(document, VERSION, strict=True)
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**documents[-1], "unknown": {}}, VERSION, strict=True)


def test_everything_is_in_one_namespace(documents: list[Document], kafka: list[Document]) -> None:
    """Which both folders make."""
    for applied in (documents, kafka):
        assert {"duls"} == set(of_kind(applied, "Namespace"))
        assert {"duls"} == {
            found["metadata"]["namespace"] for found in applied if found["kind"] != "Namespace"
        }


def test_every_role_runs_and_is_told_its_settings(documents: list[Document], pods: dict[str, Pod]) -> None:
    """What the containers are given is what settings are read from; each has what its role cannot do without."""
    assert {*ROLES, "migrate"} == set(pods)
    for name in ROLES:
        assert ["run", name] == pods[name].main["args"]
    for pod in pods.values():
        settings = load_settings(environment_of(pod, documents), needs=(Need.KAFKA, Need.DATABASE))
        assert "/etc/kafka-user/user.key" == settings.kafka.client["ssl.key.location"]
        assert ("0.0.0.0", 8080) == settings.http_address  # noqa: S104  # within its pod
        assert settings.database_url == (API_DATABASE if pod.name == "api" else DATABASES[0])
        knows_keys = settings.keys_url == DATABASES[1]
        assert knows_keys is (pod.name in {"intake", "migrate"})


def environment_of(pod: Pod, documents: list[Document]) -> dict[str, str]:
    """Return the variables of a container as a cluster would set them, beside those of the image."""
    maps, secrets = of_kind(documents, "ConfigMap"), of_kind(documents, "Secret")
    found = dict(image_variables())
    for source in pod.main["envFrom"]:
        if "configMapRef" in source:
            found |= maps[source["configMapRef"]["name"]]["data"]
        else:
            found |= decoded(secrets[source["secretRef"]["name"]])
    for variable in pod.main.get("env", []):
        reference = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = (
            decoded(secrets[reference["name"]])[reference["key"]] if reference else variable["value"]
        )
    return found


def decoded(secret: Document) -> dict[str, str]:
    """Return what a secret holds."""
    return {key: base64.b64decode(value).decode() for key, value in secret["data"].items()}


def image_variables() -> Iterator[tuple[str, str]]:
    """Yield the settings that the image sets."""
    text = (DEPLOY / "image" / "Dockerfile").read_text(encoding="utf-8")
    yield from re.findall(r"\b(DULS_\w+)=(\S+)", text)


def test_every_variable_of_a_manifest_is_a_setting(documents: list[Document]) -> None:
    """None is set that nobody reads."""
    known = {setting.variable for setting in settings_reference()}
    texts = [name for found in of_kind(documents, "ConfigMap").values() for name in found["data"]]

    assert texts
    assert set(texts) <= known


def test_every_container_is_hardened(pods: dict[str, Pod]) -> None:
    """As the restricted standard of Kubernetes wants it, and more: nothing to write but what is named."""
    for pod in pods.values():
        assert {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "runAsGroup": 10001,
            "fsGroup": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        } == pod.spec["securityContext"]
        assert pod.spec["automountServiceAccountToken"] is False
        for container in pod.containers:
            assert {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            } == container["securityContext"], pod.name
            assert {"cpu", "memory"} == set(container["resources"]["requests"])
            assert {"memory"} == set(container["resources"]["limits"])
            assert "duls:0.1.0" == container["image"]


def test_every_role_is_probed_where_it_listens(documents: list[Document], pods: dict[str, Pod]) -> None:
    """It lives, it is ready, and it gets time to start."""
    for name in ROLES:
        settings = load_settings(environment_of(pods[name], documents))
        port = settings.http_address[1] if name == "api" else settings.metrics.port
        container = pods[name].main
        assert [{"name": "health", "containerPort": port}] == container["ports"]
        for probe, path in (("liveness", "/healthz"), ("readiness", "/readyz"), ("startup", "/healthz")):
            assert {"path": path, "port": "health"} == container[f"{probe}Probe"]["httpGet"]
        assert pods[name].spec["terminationGracePeriodSeconds"] > 10


def test_whatever_is_mounted_exists(
    documents: list[Document], kafka: list[Document], pods: dict[str, Pod]
) -> None:
    """Secrets are made by the set-up, by the operator of Kafka for a user, or for its own authority."""
    made = set(of_kind(documents, "Secret")) | set(of_kind(kafka, "KafkaUser")) | STRIMZI_SECRETS
    for pod in pods.values():
        volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
        secrets = {
            volume["secret"]["secretName"]: volume["secret"]
            for volume in volumes.values()
            if "secret" in volume
        }
        assert set(secrets) <= made, pod.name
        assert f"duls-{pod.name}" in secrets
        private = [found for name, found in secrets.items() if name not in STRIMZI_SECRETS]
        assert all(0o440 == found["defaultMode"] for found in private)
        mounted = {mount["name"] for container in pod.containers for mount in container["volumeMounts"]}
        assert set(volumes) == mounted, pod.name


def test_key_files_are_where_the_settings_say(documents: list[Document], pods: dict[str, Pod]) -> None:
    """Only the roles that use a key have it, in memory and readable by their user only."""
    for name, key in (("intake", "master"), ("migrate", "master"), ("api", "token")):
        settings = load_settings(environment_of(pods[name], documents))
        path = settings.master_key_file if key == "master" else settings.token_key_file
        (container,) = pods[name].spec["initContainers"]
        assert ["/usr/bin/install", "-m", "0400", f"/etc/duls-key/{key}.key", str(path)] == container[
            "command"
        ]
    assert not any("initContainers" in pods[name].spec for name in ("aggregate", "alert"))


def test_selectors_find_pods(documents: list[Document], pods: dict[str, Pod]) -> None:
    """Services, budgets and policies are about what they are meant for."""
    labels = [pod.labels.items() for pod in pods.values()]
    selectors = [service["spec"]["selector"] for service in of_kind(documents, "Service").values()]
    selectors += [
        budget["spec"]["selector"]["matchLabels"]
        for budget in of_kind(documents, "PodDisruptionBudget").values()
    ]
    selectors += [
        policy["spec"]["podSelector"]["matchLabels"]
        for policy in of_kind(documents, "NetworkPolicy").values()
    ]

    assert all(any(wanted.items() <= found for found in labels) for wanted in selectors)
    assert set(ROLES) == set(of_kind(documents, "PodDisruptionBudget"))


def test_who_sees_plates_reaches_kafka_and_the_database_only(documents: list[Document]) -> None:
    """Webhooks are for the alert role alone."""
    policies = of_kind(documents, "NetworkPolicy")

    assert ["Ingress", "Egress"] == policies["roles"]["spec"]["policyTypes"]
    assert {"app.kubernetes.io/part-of": "duls"} == policies["roles"]["spec"]["podSelector"]["matchLabels"]
    assert {53, 9093, 5432} == ports_of(policies["roles"])
    others = [name for name in policies if "Egress" in policies[name]["spec"]["policyTypes"]]
    assert ["alert", "roles"] == sorted(others)


def ports_of(policy: Document) -> set[int]:
    """Return the ports that a policy lets through to the outside."""
    return {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}


def test_kafka_is_as_its_operator_says(kafka: list[Document]) -> None:
    """The fields that its version 1 has for these kinds; nothing that it keeps for itself."""
    known = {
        "KafkaNodePool": {"replicas", "roles", "resources", "storage"},
        "Kafka": {"kafka", "entityOperator"},
        "KafkaUser": {"authentication", "authorization"},
    }
    found = [document for document in kafka if document["kind"] in known]
    (cluster,) = of_kind(kafka, "Kafka").values()
    brokers = cluster["spec"]["kafka"]

    assert {"kafka.strimzi.io/v1"} == {document["apiVersion"] for document in found}
    assert all(set(document["spec"]) <= known[document["kind"]] for document in found)
    assert {"duls"} == {
        document["metadata"]["labels"]["strimzi.io/cluster"]
        for document in found
        if document["kind"] != "Kafka"
    }
    assert {"listeners", "authorization", "config"} == set(brokers)
    assert not [name for name in brokers["config"] if STRIMZI_OWN.match(name)]
    assert all(listener["tls"] and listener["authentication"] for listener in brokers["listeners"])
    (address,) = {listener["port"] for listener in brokers["listeners"] if listener["type"] == "internal"}
    assert f"{cluster['metadata']['name']}-kafka-bootstrap:{address}" in (
        FOLDER / "kustomization.yaml"
    ).read_text(encoding="utf-8")


def test_users_may_touch_topics_of_the_contract_only(kafka: list[Document]) -> None:
    """Each rule names one of them, or the beginning of several; senders can read nothing."""
    topics = [spec.name for spec in topic_specs(3_600_000)]
    users = of_kind(kafka, "KafkaUser")
    rules = [rule for user in users.values() for rule in user["spec"]["authorization"]["acls"]]

    for rule in rules:
        resource = rule["resource"]
        if resource["type"] == "topic":
            is_prefix = resource["patternType"] == "prefix"
            assert any(
                name.startswith(resource["name"]) if is_prefix else name == resource["name"]
                for name in topics
            )
    sender = users["duls-sender"]["spec"]["authorization"]["acls"]
    assert {"Write", "Describe"} == {operation for rule in sender for operation in rule["operations"]}


def test_set_up_makes_secrets_once(folder: Path) -> None:
    """For their owner only; a second master key would make the keys of the days useless."""
    secrets = folder / "secrets"
    before = (secrets / "master.key").read_bytes()

    again = subprocess.run([folder / "setup.sh"], input=b"", capture_output=True, check=False)

    assert 2 == again.returncode
    assert before == (secrets / "master.key").read_bytes()
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()}
    assert 32 == len(read_master_key(secrets / "master.key"))
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8")
    assert "/deploy/kubernetes/secrets*" in ignored


def test_passwords_are_in_the_file_of_whoever_uses_them(folder: Path) -> None:
    """Read from standard input, one a line."""
    found = [
        (folder / "secrets" / f"{name}.env").read_text(encoding="utf-8").strip().partition("=")
        for name in ("database", "keys-database", "api-database")
    ]

    names = ("DULS_DATABASE_URL", "DULS_KEYS_URL", "DULS_DATABASE_URL")
    assert [(name, "=", url) for name, url in zip(names, DATABASES, strict=True)] == found


@pytest.mark.parametrize(
    ("arguments", "lines", "sentence"),
    [
        (DATABASES, DATABASES, "takes no arguments"),
        ((), ("db.example", *DATABASES[1:]), "Database of the figures must be an address"),
        ((), DATABASES[:2], "with the login of the API must be an address"),
        ((), (), "Database of the figures must be an address"),
    ],
)
def test_set_up_refuses_what_it_cannot_use(
    tmp_path: Path, arguments: tuple[str, ...], lines: tuple[str, ...], sentence: str
) -> None:
    """Passwords as arguments, which everybody on the machine would see, among it; nothing is made, nor quoted."""
    script = shutil.copy(FOLDER / "setup.sh", tmp_path)

    done = subprocess.run(
        [script, *arguments], input="\n".join(lines), capture_output=True, text=True, check=False
    )

    assert 2 == done.returncode
    assert sentence in done.stderr
    assert "duls:p@" not in done.stdout + done.stderr
    assert ["setup.sh"] == [path.name for path in tmp_path.iterdir()]


def test_passwords_that_are_typed_are_not_shown(tmp_path: Path) -> None:
    """The terminal shows what is asked for, and nothing else."""
    script = shutil.copy(FOLDER / "setup.sh", tmp_path)
    ours, theirs = pty.openpty()
    process = subprocess.Popen([script], stdin=theirs, stdout=theirs, stderr=theirs)
    shown = b""
    for question, url in enumerate(DATABASES, 1):
        while shown.count(b"not shown: ") < question:
            shown += os.read(ours, 1_024)
        wait_until(lambda: not termios.tcgetattr(theirs)[3] & termios.ECHO, "echo is off", deadline_s=10.0)
        os.write(ours, f"{url}\n".encode())
    assert 0 == process.wait(30.0)
    os.close(theirs)
    shown += os.read(ours, 1_024)
    os.close(ours)

    assert b"://" not in shown
    assert API_DATABASE in (tmp_path / "secrets" / "api-database.env").read_text(encoding="utf-8")
