"""The compose file holds together: schema, settings, images, users, ports, volumes, secrets and logins."""

import json
import re
import shutil
import stat
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from duls.config import settings_reference
from sinks.migrate import migrate, migrate_keys
from sinks.reading import obstacles
from tests.deploy.files import ALERTMANAGER, DEPLOY, PROMETHEUS, load
from tests.services.timescale import TimescaleServer

COMPOSE = DEPLOY / "compose"
FILE = COMPOSE / "compose.yaml"
DOCUMENT: dict[str, Any] = load(FILE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ROLES = ("intake", "aggregate", "alert", "api")
PSQL = "/usr/lib/postgresql/17/bin/psql"


def test_it_is_as_the_specification_says() -> None:
    """By the schema of the Compose Specification."""
    # read, not imported: its program needs a newer click than Faust allows
    package = distribution("check-jsonschema")
    path = package.locate_file("check_jsonschema/builtin_schemas/vendor/compose-spec.json")
    schema = json.loads(Path(str(path)).read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)

    assert [] == [error.message for error in validator.iter_errors(DOCUMENT)]
    assert [] != list(validator.iter_errors({**DOCUMENT, "unknown": {}}))


def test_every_variable_is_a_setting() -> None:
    """Of DULS, in everything below deploy/: a name that is wrong would end every role."""
    known = {setting.variable for setting in settings_reference()} | {"DULS_CONFIG"}
    used = {
        (path.name, name)
        for path in DEPLOY.rglob("*")
        if path.is_file() and "secrets" not in path.parts
        for name in re.findall(r"\bDULS_[A-Z_]+[A-Z]\b", path.read_text(encoding="utf-8"))
    }

    assert used
    assert [] == sorted(found for found in used if found[1] not in known)


def test_images_are_pinned() -> None:
    """By a tag that names a version, all of one kind alike."""
    images = {name: service["image"] for name, service in SERVICES.items()}

    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*", image) for image in images.values()), images
    assert {"duls:0.1.0"} == {images[name] for name in (*ROLES, "migrate")}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    """No superuser, nothing to write but what is named, no capability."""
    service = SERVICES[name]

    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert {"core": 1} == service["ulimits"]
    assert service["user"].split(":")[0] not in {"0", "root"}
    assert "privileged" not in service


def test_ports_are_of_this_machine_only() -> None:
    """Each once; who opens one to others does so on purpose."""
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert len(ports) == len(set(ports))


def test_what_is_published_has_a_network_to_the_outside() -> None:
    """The inner network has none; the database is not reached from outside."""
    inner = {name for name, network in DOCUMENT["networks"].items() if network.get("internal")}

    assert {"inside", "broker"} == inner
    assert all(set(service["networks"]) & inner for service in SERVICES.values())
    assert all(set(service["networks"]) - inner for service in SERVICES.values() if "ports" in service)
    assert ["inside"] == SERVICES["database"]["networks"]


def test_only_roles_reach_the_broker() -> None:
    """Its listeners ask nobody who they are, and raw records carry plates."""
    kafka = set(SERVICES["kafka"]["networks"])
    neighbours = {name for name, service in SERVICES.items() if kafka & set(service["networks"])}

    assert {"kafka", "migrate", *ROLES} == neighbours
    assert ["kafka"] == [name for name, service in SERVICES.items() if "senders" in service["networks"]]


def test_keys_are_where_they_are_needed() -> None:
    """Of the days with migrate and intake; the API, reached from outside, has that of tokens and a login of its own."""
    files = {name: SERVICES[name]["env_file"] for name in ("migrate", *ROLES)}
    volumes = {name: SERVICES[name].get("volumes", []) for name in ("migrate", *ROLES)}

    assert {"migrate", "intake"} == {name for name, found in files.items() if "secrets/keys.env" in found}
    assert {"migrate", "intake"} == {
        name for name, found in volumes.items() if found == ["keys:/var/lib/duls"]
    }
    assert (["secrets/api.env"], ["tokens:/var/lib/duls"]) == (files["api"], volumes["api"])
    assert ([], []) == (volumes["aggregate"], volumes["alert"])


def test_every_service_waits_for_what_it_needs() -> None:
    """Roles begin once the schema is there, which is made once the services answer."""
    gates = {name: service.get("depends_on", {}) for name, service in SERVICES.items()}
    healthy = {"condition": "service_healthy"}

    assert {"kafka": healthy, "database": healthy} == gates["migrate"]
    assert all({"migrate": {"condition": "service_completed_successfully"}} == gates[name] for name in ROLES)
    assert all("test" in SERVICES[name]["healthcheck"] for name in (*ROLES, "kafka", "database"))


def test_volumes_are_declared_and_used() -> None:
    """And what is mounted from the tree is there."""
    mounts = [mount.split(":") for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {source for source, *_ in mounts if "/" not in source}
    paths = [COMPOSE / source for source, *_ in mounts if source.startswith(".")]

    assert set(DOCUMENT["volumes"]) == named
    assert [] == [path for path in paths if not path.exists()]


def test_every_user_may_write_its_temporary_files() -> None:
    """A tmpfs belongs to the superuser unless it is told whose it is."""
    for name, service in SERVICES.items():
        uid = service["user"].split(":")[0]
        assert all(f"uid={uid}" in mount for mount in service.get("tmpfs", [])), name


def test_prometheus_reads_services_at_their_ports() -> None:
    """Names and ports are those of the compose file."""
    duls = next(
        job for job in load(PROMETHEUS / "prometheus.yml")["scrape_configs"] if job["job_name"] == "duls"
    )
    read = {name: found["port"] for found in duls["dns_sd_configs"] for name in found["names"]}
    settings = SERVICES["api"]["environment"]
    metrics, http = int(settings["DULS_METRICS_PORT"]), int(settings["DULS_HTTP_BIND"].split(":")[1])

    assert {"intake": metrics, "aggregate": metrics, "alert": metrics, "api": http} == read
    assert f"127.0.0.1:{http}:{http}" in SERVICES["api"]["ports"]


def test_alertmanager_gets_the_addresses_that_it_reads() -> None:
    """One secret for each receiver, and none for nobody."""
    hooks = [hook for named in load(ALERTMANAGER)["receivers"] for hook in named["webhook_configs"]]
    read = {hook["url_file"].removeprefix("/run/secrets/") for hook in hooks}

    assert read == set(SERVICES["alertmanager"]["secrets"]) == set(DOCUMENT["secrets"])
    assert all(secret["file"] == f"secrets/{name}" for name, secret in DOCUMENT["secrets"].items())


def set_up(folder: Path) -> str:
    """Run the set-up in a folder; return what it said."""
    script = shutil.copy(COMPOSE / "setup.sh", folder)
    return subprocess.run([script], capture_output=True, text=True, check=True).stdout


def variables(path: Path) -> dict[str, str]:
    """Read a file of variables."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_set_up_makes_secrets_of_one_installation(tmp_path: Path) -> None:
    """Random, for their owner only, and the files that the compose file names; a password is said once."""
    said = set_up(tmp_path)
    secrets = tmp_path / "secrets"
    named = {Path(file).name for service in SERVICES.values() for file in service.get("env_file", [])}
    database, grafana = variables(secrets / "database.env"), variables(secrets / "grafana.env")

    assert {*named, *DOCUMENT["secrets"]} == {path.name for path in secrets.iterdir()}
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in secrets.glob("*.env")}
    assert f"password {grafana['GF_SECURITY_ADMIN_PASSWORD']} " in said
    assert database["OPERATOR_PASSWORD"] == grafana["DULS_GRAFANA_OPERATOR_PASSWORD"]
    assert database["PLANNER_PASSWORD"] == grafana["DULS_GRAFANA_PLANNER_PASSWORD"]
    for login, password, name, target in (
        ("duls", "OWNER_PASSWORD", "duls.env", "duls"),
        ("duls_keys", "KEYS_PASSWORD", "keys.env", "duls_keys"),
        ("duls_http", "API_PASSWORD", "api.env", "duls"),
    ):
        url = f"postgresql://{login}:{database[password]}@database:5432/{target}"
        assert [url] == list(variables(secrets / name).values())
    assert len(set(database.values())) == len(database)


def test_set_up_leaves_what_is_there(tmp_path: Path) -> None:
    """A second run would lock everybody out."""
    set_up(tmp_path)
    before = (tmp_path / "secrets" / "database.env").read_text()

    done = subprocess.run([tmp_path / "setup.sh"], capture_output=True, text=True, check=False)

    assert 2 == done.returncode
    assert before == (tmp_path / "secrets" / "database.env").read_text()


@pytest.mark.services
@pytest.mark.usefixtures("debian")
def test_the_logins_can_do_their_work_and_no_more() -> None:
    """`duls` is no superuser and migrates; each database has an owner; the API reads for others; Grafana only reads."""
    passwords = {
        "owner_password": "a'b",
        "keys_password": "k",
        "api_password": "h",
        "operator_password": "o",
        "planner_password": "p",
    }
    with TimescaleServer() as server:
        script = shutil.copy(COMPOSE / "database" / "logins.sql", server._folder)
        inside = server._inside(Path(script))
        options = [f"--set={name}={value}" for name, value in passwords.items()]
        psql = [PSQL, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={server.url}"]
        chroot = ["chroot", str(server._root)]
        subprocess.run([*chroot, *psql, *options, f"--file={inside}"], check=True, capture_output=True)
        with psycopg.connect(make_conninfo(server.url, dbname="duls"), autocommit=True) as superuser:
            superuser.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        owner = make_conninfo(server.url, dbname="duls", user="duls", password=passwords["owner_password"])

        assert migrate(owner)
        keys = make_conninfo(server.url, dbname="duls_keys", user="duls_keys", password="k")  # noqa: S106  # of this test
        assert migrate_keys(keys)
        api = make_conninfo(server.url, dbname="duls", user="duls_http", password="h")  # noqa: S106  # the same
        with psycopg.connect(api, autocommit=True) as connection:
            assert [] == obstacles(connection)
            for name in ("core.flow_day", "live.zone_now", "history.zone"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT FROM {name}".encode())
        for other in (owner, api):
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(make_conninfo(other, dbname="duls_keys"))
        with psycopg.connect(keys, autocommit=True) as connection:
            connection.execute("SELECT FROM keys.day_row")
        with (
            psycopg.connect(make_conninfo(keys, dbname="duls"), autocommit=True) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute("SELECT FROM core.flow_day")
        for user, password, may, may_not in (
            ("grafana_operator", "o", "live.zone_now", "core.flow_day"),
            ("grafana_planner", "p", "history.zone", "live.zone_now"),
        ):
            reader = make_conninfo(server.url, dbname="duls", user=user, password=password)
            with psycopg.connect(reader, autocommit=True) as connection:
                connection.execute(f"SELECT FROM {may}".encode())
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"SELECT FROM {may_not}".encode())
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                psycopg.connect(make_conninfo(reader, dbname="duls_keys"))
