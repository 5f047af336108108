"""`duls rules`: files become versions, and whoever asks is told who changed what."""

import json
from pathlib import Path
from typing import Any

import pytest

from duls.app.rules import Author, current_rules, load_rule_file
from duls.cli.program import run
from duls.config import Settings
from duls.errors import InvalidInputError, RulesRefusedError
from processors.zone_file import read_zones
from sinks.connection import open_connection
from sinks.registry import store_zones
from tests.duls.app.test_registry import square, zone_file

pytestmark = pytest.mark.services

TOML = """
[calendars]
market = ["2026-12-05"]

[[rules]]
id = "busy"
zone = "z"
capacity = 10
exceptions = [{ calendar = "market", capacity = 20 }]
"""


def load_zones(settings: Settings, path: Path) -> None:
    """Store the zones of a file; no partition is told."""
    with open_connection(settings.database_url, application_name="test") as connection:
        store_zones(connection, read_zones(path.read_bytes()).features, lambda _: [])


def with_rules(zone_id: str, *overload: dict[str, Any], **properties: Any) -> dict[str, object]:
    """Return a zone with rules in it."""
    feature = square(zone_id)
    properties |= {"overload": overload[0] if len(overload) == 1 else list(overload)}
    feature["properties"] = {**feature["properties"], **properties}  # type: ignore[dict-item]  # a plain object
    return feature


def test_rules_in_a_zone_file_are_merged(figures: Settings, tmp_path: Path) -> None:
    """Those of other zones stay; capacity and target are those of the zone, ids follow from it."""
    toml = tmp_path / "rules.toml"
    toml.write_text(TOML)
    load_rule_file(figures, toml, Author("a"))
    file = zone_file(
        tmp_path,
        with_rules("a", {"classes": "trucks"}, capacity=4),
        with_rules("b", {}, {"measure": "entries_per_slot", "capacity": 9}),
        square("c"),
    )
    load_zones(figures, file)

    report = load_rule_file(figures, file, Author("b"))

    assert (2, True, 4, {"a": "added", "b": "added", "b:2": "added"}) == (
        report.version,
        report.is_new,
        report.rules,
        report.changes,
    )
    warned = " ".join(report.warnings)
    assert ("b" in warned, "z" in warned) == (True, True)  # b has no capacity, z is no zone
    rules = {rule.rule_id: rule for rule in current_rules(figures).rules}
    assert ["busy", "a", "b", "b:2"] == list(rules)
    assert ("a", None, ("N2", "N3")) == (rules["a"].zone, rules["a"].capacity, rules["a"].classes)
    assert not load_rule_file(figures, file, Author("c")).is_new


def test_a_zone_file_with_a_wrong_rule_changes_nothing(figures: Settings, tmp_path: Path) -> None:
    """Every problem is told, by rule and field."""
    file = zone_file(tmp_path, with_rules("a", {"raise_pct": 0, "zone": "b"}), with_rules("c", {"sort": 1}))

    with pytest.raises(RulesRefusedError) as refused:
        load_rule_file(figures, file, Author("a"))

    told = str(refused.value)
    assert all(
        name in told for name in ("rule a, field raise_pct", "rule a, field zone", "rule c, field sort")
    )
    assert 0 == current_rules(figures).version


def test_a_file_that_cannot_be_read_is_told(figures: Settings, tmp_path: Path) -> None:
    """With its name."""
    broken = tmp_path / "rules.toml"
    broken.write_text("rules = [")

    for path, words in ((broken, "cannot be read as TOML"), (tmp_path / "none.json", "cannot be read")):
        with pytest.raises(InvalidInputError, match=words):
            load_rule_file(figures, path, Author("a"))


def test_the_commands_load_list_show_and_log(
    figures: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What is shown can be loaded."""
    (tmp_path / "rules.toml").write_text(TOML)
    assert 0 == run(["rules", "load", "rules.toml", "--by", "an", "--note", "markt"])
    loaded = capsys.readouterr().out
    assert "1 rules in force as version 1" in loaded
    assert "warning" in loaded  # there is no zone z

    assert 0 == run(["rules", "show"])
    shown = capsys.readouterr().out
    (tmp_path / "shown.json").write_text(shown)
    assert ["2026-12-05"] == json.loads(shown)["calendars"]["market"]
    assert 0 == run(["rules", "load", "shown.json", "--json"])
    assert not json.loads(capsys.readouterr().out)["is_new"]

    assert 0 == run(["rules", "list"])
    assert "busy" in capsys.readouterr().out
    assert 0 == run(["rules", "log", "--json"])
    (version,) = json.loads(capsys.readouterr().out)["versions"]
    assert ("an", "markt", {"busy": "added", "calendar market": "added"}) == (
        version["stored_by"],
        version["note"],
        version["changes"],
    )
    assert 1 == current_rules(figures).version


def test_a_wrong_file_is_wrong_usage(
    figures: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit 2 and one sentence."""
    (tmp_path / "rules.json").write_text('{"rules": [{"id": "a"}]}')

    assert 2 == run(["rules", "load", "rules.json"])

    assert "rule a" in capsys.readouterr().err
    assert 0 == current_rules(figures).version
