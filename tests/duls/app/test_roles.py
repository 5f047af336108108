"""Roles by name, and how running them becomes a process or a group."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from duls.api.health import HealthServer, Vitals
from duls.app import roles
from duls.app.roles import expand_roles, run_roles
from duls.config import load_settings
from duls.errors import ConfigError, ServiceAwayError
from duls.metrics import Metrics

NO_PORT = {"DULS_METRICS_PORT": "0"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["intake"], ["intake"]),
        (["aggregate", "intake", "intake"], ["intake", "aggregate"]),
        (["all"], ["intake", "aggregate", "alert", "api"]),
        (["all", "api"], ["intake", "aggregate", "alert", "api"]),
        ([], []),
    ],
)
def test_roles_come_once_in_the_order_of_the_data(names: Sequence[str], expected: list[str]) -> None:
    """Whatever order they were asked for in."""
    assert expected == expand_roles(names)


def test_an_unknown_role_is_refused() -> None:
    """With the names that there are."""
    with pytest.raises(ConfigError, match=r"must be one of.*aggregate"):
        expand_roles(["intake", "intakes"])


def test_several_roles_are_a_group_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the flags that concern it; a bounded run has no use for the API."""
    groups: list[list[list[str]]] = []

    def run_group(commands: list[list[str]], _stop: object) -> int:
        groups.append(commands)
        return 69

    monkeypatch.setattr(roles, "run_group", run_group)
    monkeypatch.setattr("duls.app.roles.StopFlag.install", lambda _self: None)
    settings = load_settings({})

    code = run_roles(settings, ["all"])
    run_roles(settings, ["all"], until_drained=True, from_beginning=True)

    assert 69 == code
    assert [
        [["run", "intake"], ["run", "aggregate"], ["run", "alert"], ["run", "api"]],
        [["run", "intake", "--until-drained"], ["run", "aggregate", "--until-drained", "--from-beginning"]],
    ] == groups


@pytest.mark.parametrize("is_stopping", [True, False])
def test_a_service_that_is_away_matters_unless_stopping(
    monkeypatch: pytest.MonkeyPatch, is_stopping: bool
) -> None:
    """What is not stored will be read again."""

    def run(_settings: object, stop: Any, *_: object, **__: object) -> None:
        if is_stopping:
            stop.set()
        message = "away"
        raise ServiceAwayError(message)

    monkeypatch.setattr("duls.app.intake_role.run_intake", run)
    monkeypatch.setattr("duls.app.roles.StopFlag.install", lambda _self: None)
    settings = load_settings(NO_PORT)

    if is_stopping:
        assert 0 == run_roles(settings, ["intake"])
    else:
        with pytest.raises(ServiceAwayError):
            run_roles(settings, ["intake"])


def test_one_role_runs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its bounds."""
    bounds = []

    def run(_settings: object, _stop: object, _metrics: object, given: object, *, tell_assigned: Any) -> None:
        bounds.append(given)
        tell_assigned(True)

    monkeypatch.setattr("duls.app.aggregate_role.run_aggregate", run)
    monkeypatch.setattr("duls.app.roles.StopFlag.install", lambda _self: None)

    assert 0 == run_roles(load_settings(NO_PORT), ["aggregate"], until_drained=True, from_beginning=True)
    assert [(True, True)] == bounds


@pytest.mark.parametrize("names", [["alert"], ["api"], ["api", "alert"]])
def test_what_has_no_end_is_not_drained(names: list[str]) -> None:
    """A run that would go on for ever, or end before it began, is refused."""
    with pytest.raises(ConfigError, match=r"is for intake and aggregate: the input of (alert|api)"):
        run_roles(load_settings(NO_PORT), names, until_drained=True)


def test_only_aggregate_begins_anew() -> None:
    """An option that nobody heeds is refused."""
    with pytest.raises(ConfigError, match="is for aggregate; intake and api would"):
        run_roles(load_settings(NO_PORT), ["api", "intake"], from_beginning=True)


def test_a_role_is_ready_while_it_has_work_and_its_databases_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the API says it of itself, each time that somebody asks."""
    told: list[list[str]] = []
    probes: list[Vitals] = []

    class Server(HealthServer):
        def __init__(self, host: str, port: int, vitals: Vitals) -> None:
            probes.append(vitals)
            super().__init__(host, port, vitals)

    def run(
        _settings: object, _stop: object, metrics: Metrics, *, tell_assigned: Any, until_drained: bool
    ) -> None:
        assert not until_drained
        tell_keys, tell_figures = metrics.tell_sink("keys"), metrics.tell_sink("figures")

        def note() -> None:
            told.append(list(probes[0].not_ready()))

        note()
        tell_assigned(True)
        note()
        tell_keys(False)
        tell_figures(False)
        note()
        tell_keys(True)
        tell_figures(False)
        note()
        tell_figures(True)
        note()
        tell_assigned(False)
        note()
        tell_assigned(True)
        note()

    monkeypatch.setattr(roles, "HealthServer", Server)
    monkeypatch.setattr("duls.app.intake_role.run_intake", run)
    monkeypatch.setattr("duls.app.roles.StopFlag.install", lambda _self: None)
    run_roles(load_settings(NO_PORT), ["intake"])

    keys, figures = "the database of keys does not answer", "the database of figures does not answer"
    assert [["intake has no assignment yet"], [], [figures, keys], [figures], []] == told[:5]
    assert [["intake has no assignment any more"], []] == told[5:]


@pytest.mark.parametrize("heavy", ["faust", "fastapi", "duls.app.api_role", "duls.app.alert_role"])
def test_roles_are_imported_when_they_run(heavy: str) -> None:
    """A process that starts in the place of a dead one does not wait for what others need."""
    code = f"import sys; import duls.app.roles; sys.exit({heavy!r} in sys.modules)"

    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
