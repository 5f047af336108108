"""`duls grafana push` against a server that takes only what Grafana's API documents."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from duls.cli.program import run
from grafana.committed import committed_boards
from grafana.data_sources import OPERATOR_UID, PLANNER_UID, PROMETHEUS_UID
from tests.grafana.grafana_server import TOKEN, GrafanaState, running

LOGINS = {
    "DULS_GRAFANA_DATABASE": "db.example:5432",
    "DULS_GRAFANA_OPERATOR_USER": "grafana_operator",
    "DULS_GRAFANA_OPERATOR_PASSWORD": "s3cret-o",
    "DULS_GRAFANA_PLANNER_USER": "grafana_planner",
    "DULS_GRAFANA_PLANNER_PASSWORD": "s3cret-p",
    "DULS_GRAFANA_PROMETHEUS_URL": "http://prometheus:9090",
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep settings and logging of this machine out of the test."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DULS_")]:
        monkeypatch.delenv(name)
    yield
    structlog.reset_defaults()


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[GrafanaState]:
    """Run a server, named by the settings with its token."""
    with running() as (url, state):
        monkeypatch.setenv("DULS_GRAFANA_URL", url)
        monkeypatch.setenv("DULS_GRAFANA_TOKEN", TOKEN)
        yield state


@pytest.fixture
def _logins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the logins of the data sources."""
    for name, value in LOGINS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_logins")
def test_everything_is_there_after_a_push(grafana: GrafanaState, capsys: pytest.CaptureFixture[str]) -> None:
    """Boards as committed, in their folder; data sources with their fixed ids; a playlist of both boards."""
    code = run(["grafana", "push"])

    assert code == 0
    assert {board["uid"]: {**board, "id": None} for board in committed_boards("nl")} == {
        uid: body["dashboard"] for uid, body in grafana.boards.items()
    }
    assert {"duls-nl"} == {body["folderUid"] for body in grafana.boards.values()} == set(grafana.folders)
    assert {OPERATOR_UID, PLANNER_UID, PROMETHEUS_UID} == set(grafana.data_sources)
    assert "grafana_operator" == grafana.data_sources[OPERATOR_UID]["user"]
    assert {"password": "s3cret-p"} == grafana.data_sources[PLANNER_UID]["secureJsonData"]
    (playlist,) = grafana.playlists.values()
    assert ["duls-support-nl", "duls-city-nl"] == [item["value"] for item in playlist["items"]]
    assert "/playlists/play/play0?kiosk=true" in capsys.readouterr().out


@pytest.mark.usefixtures("_logins")
def test_pushing_again_changes_what_is_there(grafana: GrafanaState) -> None:
    """Nothing comes twice, whatever somebody changed in between."""
    assert run(["grafana", "push"]) == 0
    grafana.boards["duls-city-nl"]["dashboard"]["title"] = "changed by hand"
    grafana.data_sources[OPERATOR_UID]["user"] = "somebody"

    assert run(["grafana", "push"]) == 0

    assert "City Dashboard" == grafana.boards["duls-city-nl"]["dashboard"]["title"]
    assert "grafana_operator" == grafana.data_sources[OPERATOR_UID]["user"]
    assert (1, 4, 1) == (len(grafana.folders), len(grafana.boards), len(grafana.playlists))


def test_without_logins_the_data_sources_are_left_alone(
    grafana: GrafanaState, capsys: pytest.CaptureFixture[str]
) -> None:
    """They may be provisioned from files, and their secrets be nobody's business here."""
    assert run(["grafana", "push", "--language", "en", "--json"]) == 0

    assert {} == grafana.data_sources
    pushed = json.loads(capsys.readouterr().out)
    assert [] == pushed["data_sources"]
    assert ["duls-city-en", "duls-operations-en", "duls-support-en", "duls-support-markers-en"] == sorted(
        address.split("/d/")[1].split("/")[0] for address in pushed["boards"]
    )


def failure(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Push, and return the exit code and the one sentence on standard error."""
    code = run(["grafana", "push"])
    (line,) = capsys.readouterr().err.splitlines()
    return code, line


def test_a_token_that_grafana_does_not_know_is_one_sentence(
    grafana: GrafanaState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which says what to do, and not what the token was."""
    monkeypatch.setenv("DULS_GRAFANA_TOKEN", "glsa_wrong")

    code, line = failure(capsys)

    assert (2, True) == (code, "does not know the token" in line)
    assert "glsa_wrong" not in line
    assert {} == grafana.boards


@pytest.mark.parametrize(
    ("status", "document", "code", "words"),
    [
        (403, {"message": "You'll need additional permissions"}, 2, "needs the role Admin"),
        (400, {"message": "bad dashboard"}, 2, "refused"),
        (500, {"message": "database is locked"}, 69, "failed: Server Error 500: database is locked"),
        (200, "<html>an office portal</html>", 69, "does not answer as Grafana's API does"),
        (200, [], 69, "does not answer as Grafana's API does"),
    ],
)
def test_what_grafana_says_becomes_one_sentence(
    grafana: GrafanaState,
    capsys: pytest.CaptureFixture[str],
    status: int,
    document: object,
    code: int,
    words: str,
) -> None:
    """Whoever runs the command knows whose turn it is."""
    grafana.forced = (status, document)

    assert (code, True) == ((found := failure(capsys))[0], words in found[1]), found


def test_a_grafana_that_is_away_ends_with_69(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As any other needed service."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("DULS_GRAFANA_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("DULS_GRAFANA_TOKEN", TOKEN)

    code, line = failure(capsys)

    assert (69, True) == (code, f"http://127.0.0.1:{port} does not answer" in line)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({}, "DULS_GRAFANA_URL must be the address of Grafana"),
        ({"DULS_GRAFANA_URL": "http://127.0.0.1:1"}, "DULS_GRAFANA_TOKEN is not set"),
        (
            {
                "DULS_GRAFANA_URL": "http://127.0.0.1:1",
                "DULS_GRAFANA_TOKEN": TOKEN,
                "DULS_GRAFANA_PLANNER_USER": "p",
            },
            "grafana.planner_password and grafana.database must be too",
        ),
    ],
)
def test_a_missing_setting_ends_with_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    words: str,
) -> None:
    """Before anything is asked of Grafana."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    code, line = failure(capsys)

    assert (2, True) == (code, words in line)


def test_a_language_without_boards_ends_with_2(
    grafana: GrafanaState, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names those that there are."""
    assert run(["grafana", "push", "--language", "fr"]) == 2
    assert "--language must be nl or en" in capsys.readouterr().err
    assert [] == grafana.requests
