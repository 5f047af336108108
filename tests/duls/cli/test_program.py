"""The program: exit codes, one sentence per error, and output for machines."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from psycopg.errors import InsufficientPrivilege

import duls.app.migrate
import duls.cli.output
from duls.app.migrate import MigrationReport
from duls.cli.output import plain
from duls.cli.program import run
from duls.errors import RefusedError
from duls.version import VERSION
from streams.topic_making import TopicChange

SERVICES = {
    "DULS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "DULS_DATABASE_URL": "postgresql://duls:s3cret@127.0.0.1:1/duls",
}


START = """
import os, signal, sys
from importlib.abc import MetaPathFinder
from duls.cli.program import run

class Stop(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "duls.app.roles":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Stop())
sys.exit(run(["run", "intake"]))
"""


CRASH = """
import os, resource, signal, sys
from duls.cli import program

def crash(code):
    print(*resource.getrlimit(resource.RLIMIT_CORE), flush=True)
    os.kill(os.getpid(), signal.SIGSEGV)

most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
program.leave = crash
sys.argv = ["duls", "--version"]
program.main()
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep settings and logging of this machine out of the test."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DULS_")]:
        monkeypatch.delenv(name)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    structlog.reset_defaults()


@pytest.fixture
def _named_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name a broker and a database that are away."""
    for name, value in SERVICES.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("heavy", ["numba", "numpy", "confluent_kafka"])
def test_a_command_brings_in_what_is_heavy_when_it_needs_it(heavy: str) -> None:
    """Help and a refused setting are there at once: no kernel is loaded for them."""
    code = (
        f"import sys; from duls.cli.program import run; run(['--help']); sys.exit({heavy!r} in sys.modules)"
    )

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode


@pytest.mark.parametrize(
    ("arguments", "brings_in"),
    [
        (["token", "issue", "kade", "--scope", "act"], "duls.app.tokens"),
        (["run", "sing"], "duls.app.roles"),
        (["migrate"], "duls.app.migrate"),
        (["dlq", "list"], "duls.app.dead_letters"),
        (["alerts", "list"], "duls.app.alerts"),
    ],
)
def test_a_command_without_kernels_does_not_bring_in_numba(
    tmp_path: Path, arguments: list[str], brings_in: str
) -> None:
    """The process above `duls run all` lives as long as its roles do; the others are there sooner."""
    code = (
        f"import sys; from duls.cli.program import run; run({arguments}); "
        f"sys.exit('numba' in sys.modules or {brings_in!r} not in sys.modules)"
    )
    environment = {**os.environ, **SERVICES, "DULS_HTTP_TOKEN_KEY_FILE": str(tmp_path / "token.key")}

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, env=environment)

    assert 0 == done.returncode


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Packaging has the same one."""
    assert (0, f"{VERSION}\n") == (run(["--version"]), capsys.readouterr().out)


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    """The summary lists them."""
    code = run(["--help"])

    assert code == 0
    listed = capsys.readouterr().out
    assert all(
        name in listed for name in ("demo", "migrate", "run", "zones", "cameras", "simulate", "doctor", "dlq")
    )


@pytest.mark.parametrize(
    "arguments", [["sing"], ["run"], ["migrate", "--loud"], ["zones", "load"], ["dlq", "burn"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The usage is on standard error."""
    assert run(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["migrate"], "duls: kafka.bootstrap_servers is not set"),
        (["run", "intake"], "duls: kafka.bootstrap_servers is not set"),
        (["simulate", "--start", "yesterday"], "duls: --start must be ISO 8601 with offset"),
    ],
)
def test_a_missing_setting_ends_with_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says which and how to give it."""
    code = run(arguments)

    output = capsys.readouterr()
    assert (2, "", 1) == (code, output.out, output.err.count("\n"))
    assert output.err.startswith(sentence)


@pytest.mark.usefixtures("_named_services")
def test_a_role_that_is_not_there_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """With the names that there are."""
    assert run(["run", "cook"]) == 2
    assert "role must be one of intake, aggregate, alert, api, all" in capsys.readouterr().err


@pytest.mark.usefixtures("_named_services")
def test_a_service_away_ends_with_69(capsys: pytest.CaptureFixture[str]) -> None:
    """The password of the URL stays secret."""
    code = run(["migrate"])

    error = capsys.readouterr().err
    assert (69, 1) == (code, error.count("\n"))
    assert "s3cret" not in error


@pytest.mark.usefixtures("_named_services")
def test_a_refusal_ends_with_70(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Going on would corrupt figures."""

    def refuse(*_arguments: object) -> None:
        message = "the database was migrated by a newer version"
        raise RefusedError(message)

    monkeypatch.setattr(duls.app.migrate, "run_migrate", refuse)

    assert run(["migrate"]) == 70
    assert capsys.readouterr().err == "duls: the database was migrated by a newer version\n"


@pytest.mark.usefixtures("_named_services")
def test_a_defect_ends_with_70_and_quotes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The words of an unforeseen error may hold data, so only its place is told."""

    def fail(*_arguments: object) -> None:
        message = "NL:AB-123-C"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(duls.app.migrate, "run_migrate", fail)

    code = run(["migrate"])

    error = capsys.readouterr().err
    assert code == 70
    assert "this is a defect of ours (ZeroDivisionError in fail, test_program.py:" in error
    assert "AB-123-C" not in error


@pytest.mark.parametrize(("level", "shown"), [("debug", True), ("info", False), ("loud", False)])
def test_a_defect_before_the_settings_are_read_shows_more_where_it_is_asked_for(
    level: str, shown: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence promises it of DULS_LOG_LEVEL=debug."""

    def fail(**_needs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(duls.cli.output, "load_settings", fail)
    monkeypatch.setenv("DULS_LOG_LEVEL", level)

    assert run(["migrate"]) == 70

    error = capsys.readouterr().err
    assert "DULS_LOG_LEVEL=debug shows more" in error
    assert shown is ("Traceback" in error)


@pytest.mark.usefixtures("_named_services")
@pytest.mark.parametrize(
    ("option", "number"),
    [("--length-s", "inf"), ("--interval-s", "inf"), ("--rate", "inf"), ("--speed", "inf")],
)
def test_a_simulation_without_a_finite_number_ends_with_2(
    option: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the broker, which is away, is asked for anything."""
    code = run(["simulate", option, number])

    assert (2, f"duls: {option} must be a finite number, got {number}\n") == (code, capsys.readouterr().err)


@pytest.mark.usefixtures("_named_services")
def test_a_login_without_rights_is_a_matter_of_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A unit of systemd is not started again and again for it."""

    def fail(*_arguments: object) -> None:
        message = "permission denied for table migration\nCONTEXT: a row"
        raise InsufficientPrivilege(message)

    monkeypatch.setattr(duls.app.migrate, "run_migrate", fail)

    assert run(["migrate"]) == 2
    assert capsys.readouterr().err == (
        "duls: the database refuses this to its login: permission denied for table migration; "
        "DULS_DATABASE_URL and DULS_KEYS_URL want the login that ran `duls migrate`\n"
    )


@pytest.mark.usefixtures("_named_services")
def test_ctrl_c_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit code is that of the signal."""

    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(duls.app.migrate, "run_migrate", interrupt)

    assert run(["migrate"]) == 128 + signal.SIGINT
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("_named_services")
def test_a_role_that_is_asked_to_stop_while_it_starts_ends_with_0() -> None:
    """Nothing is in hand before its modules are imported."""
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)


def test_a_program_that_crashes_leaves_no_core_file(tmp_path: Path) -> None:
    """Plates would be in it; a limit of 1 byte holds where the kernel hands cores to a program, too."""
    with subprocess.Popen([sys.executable, "-c", CRASH], stdout=subprocess.PIPE, text=True) as crashing:
        said, _ = crashing.communicate()

    assert -signal.SIGSEGV == crashing.returncode
    assert said.split()[-2:] in (["1", "1"], ["0", "0"])  # 0 where who starts us may not set another
    assert [] == list(tmp_path.iterdir())


@pytest.mark.usefixtures("_named_services")
def test_a_report_for_machines_is_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines about progress are for people only."""
    report = MigrationReport(["a"], [], [], True, [TopicChange("t", "made", "")], 1, 4)  # by position

    def migrate(_settings: object, progress: object) -> MigrationReport:
        assert callable(progress)
        progress("working on it")
        return report

    monkeypatch.setattr(duls.app.migrate, "run_migrate", migrate)

    assert run(["migrate", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [{"name": "t", "action": "made", "detail": ""}] == printed["topics"]


def test_reports_become_plain_json() -> None:
    """Named tuples are objects, at any depth."""
    value = {"at": (TopicChange("t", "kept", ""), UUID(int=1), Path("x")), 1: {2}}

    assert {
        "at": [{"name": "t", "action": "kept", "detail": ""}, "00000000-0000-0000-0000-000000000001", "x"],
        "1": [2],
    } == plain(value)


def test_the_program_runs_as_a_module() -> None:
    """`python -m duls` is `duls`."""
    done = subprocess.run(
        [sys.executable, "-m", "duls", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout == f"{VERSION}\n"
