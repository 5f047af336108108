"""Each alert has its three cases, its texts in two languages and its page, and looks at metrics that exist."""

import re
import subprocess
from pathlib import Path

import pytest

from duls.metrics import Metrics
from tests.deploy.files import PROMETHEUS, RULES, RUNBOOKS, AlertRule, alert_names, alert_rules, load, rules
from tests.services.fetch import debian_program

CONTRACT = (
    *("DataStale", "LagSeconds", "DeadLetterRate", "Fenced", "OffsetGap", "SinkDown", "DiskFull4h"),
    *("Watchdog", "ClockStalled"),
)
TEXTS = ("summary", "summary_nl", "description", "description_nl")
SEVERITIES = {"critical", "warning", "none"}
CASES = ("fires", "stays quiet", "absent")
TEST_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))


def promtool(*arguments: str | Path) -> str:
    """Run promtool; return what it says, and fail with it."""
    command = [debian_program("promtool"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


@pytest.mark.services
@pytest.mark.usefixtures("debian")
def test_prometheus_takes_the_files() -> None:
    """The configuration, and with it the rules."""
    assert "rules found" in promtool("check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.services
@pytest.mark.usefixtures("debian")
@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.stem)
def test_the_cases_of_an_alert_hold(path: Path) -> None:
    """Prometheus evaluates the rules over series that are made up."""
    assert "SUCCESS" in promtool("test", "rules", path)


def test_every_alert_of_the_contract_is_there() -> None:
    """Whoever watches an installation counts on these names."""
    assert set(CONTRACT) <= set(alert_names())


@pytest.mark.parametrize("name", alert_names())
def test_every_alert_has_its_three_cases(name: str) -> None:
    """It fires, it stays quiet, and it has an answer to series that are missing."""
    tests = load(PROMETHEUS / "tests" / f"{name}.yml")["tests"]
    begins = {test["name"].partition(":")[0] for test in tests}
    looked_at = {check["alertname"] for test in tests for check in test.get("alert_rule_test", [])}

    assert set(CASES) == begins
    assert {name} == looked_at


def test_no_cases_are_left_of_an_alert_that_is_gone() -> None:
    """Nor is a page."""
    pages = {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}

    assert alert_names() == sorted(path.stem for path in TEST_FILES)
    assert set(alert_names()) == pages


@pytest.mark.parametrize(
    "rule", alert_rules(), ids=lambda rule: f"{rule.name}-{rule.labels.get('cause', '')}"
)
def test_every_alert_says_what_is_wrong_in_two_languages(rule: AlertRule) -> None:
    """With a severity that is routed, and the page that tells what to do."""
    assert rule.labels["severity"] in SEVERITIES
    assert all(rule.annotations[text] for text in TEXTS)
    assert rule.annotations["summary"] != rule.annotations["summary_nl"]
    assert rule.annotations["runbook_url"] == f"{{{{ $externalURL }}}}/user/runbooks/{rule.name}.md"


@pytest.mark.parametrize("name", alert_names())
def test_every_alert_has_a_runbook(name: str) -> None:
    """Its page has its name and says what to do, and the list of pages tells its severity."""
    page = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
    severities = {rule.labels["severity"] for rule in alert_rules() if rule.name == name}
    (severity,) = severities
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")

    assert page.startswith(f"# {name}\n")
    assert re.search(r"^## (Do|When it stays away)$", page, re.MULTILINE)
    assert f"| [{name}]({name}.md) | {severity} |" in index


def test_rules_look_at_metrics_that_exist() -> None:
    """A metric that is renamed would make an alert silent for ever."""
    known = {metric.name for metric in Metrics(version="", clock=lambda: 0.0).reference}
    known |= {f"{name}_{suffix}" for name in known for suffix in ("bucket", "count", "sum")}
    texts = [rule["expr"] for rule in rules()]
    used = {name for text in texts for name in re.findall(r"(?<![\w:])duls_\w+", text)}

    assert used
    assert set() == used - known


def test_rules_use_recorded_series_that_are_recorded() -> None:
    """The same for names of our own."""
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    used = {name for rule in rules() for name in re.findall(r"\bduls:\w+(?::\w+)?", rule["expr"])}

    assert recorded >= used
    assert RULES.read_text(encoding="utf-8").count("record:") == len(recorded)
