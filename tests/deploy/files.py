"""The files of deploy/ as values."""

from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

ROOT: Final = Path(__file__).parent.parent.parent
DEPLOY: Final = ROOT / "deploy"
PROMETHEUS: Final = DEPLOY / "prometheus"
RULES: Final = PROMETHEUS / "rules" / "duls.yml"
ALERTMANAGER: Final = DEPLOY / "alertmanager" / "alertmanager.yml"
RUNBOOKS: Final = ROOT / "docs" / "runbooks"


class AlertRule(NamedTuple):
    """One alerting rule; several may have the same name, with different causes."""

    name: str
    expression: str
    labels: dict[str, str]
    annotations: dict[str, str]


def load(path: Path) -> Any:
    """Read a YAML file of one document."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    """Return all rules, recording ones too."""
    return [rule for group in load(RULES)["groups"] for rule in group["rules"]]


def alert_rules() -> list[AlertRule]:
    """Return the alerting rules."""
    return [
        AlertRule(rule["alert"], rule["expr"], rule["labels"], rule["annotations"])
        for rule in rules()
        if "alert" in rule
    ]


def alert_names() -> list[str]:
    """Return the names of alerts, each once."""
    return sorted({rule.name for rule in alert_rules()})
