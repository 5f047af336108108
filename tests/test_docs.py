"""The reference says what the code says, and the pages hold together."""

import importlib.util
import re
from pathlib import Path

import pytest

from duls.cli.program import program
from duls.config import settings_reference
from duls.errors import DulsError
from duls.metrics import Metrics

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)")


def page(name: str) -> str:
    """Return the text of a page of the reference."""
    return (DOCS / name).read_text(encoding="utf-8")


def kinds(kind: type[DulsError]) -> list[type[DulsError]]:
    """Return an error and all its kinds."""
    return [kind, *(found for inner in kind.__subclasses__() for found in kinds(inner))]


def test_the_reference_is_what_the_code_says() -> None:
    """Whoever changes a setting, command, metric or error runs `python docs/generate.py`."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)

    assert generate.differing() == []


def test_every_setting_is_documented() -> None:
    """Key and variable are both there."""
    text = page("settings.md")

    assert [] == [setting for setting in settings_reference() if f"`{setting.variable}`" not in text]


def test_every_metric_is_documented() -> None:
    """By its full name."""
    text = page("metrics.md")
    reference = Metrics(version="", clock=lambda: 0.0).reference

    assert [] == [metric.name for metric in reference if f"`{metric.name}`" not in text]


def test_every_error_is_documented() -> None:
    """Each class has a sentence of its own that says when it happens."""
    text = page("errors.md")

    assert [] == [kind.__name__ for kind in kinds(DulsError) if f"`{kind.__name__}`" not in text]
    assert [] == [kind.__name__ for kind in kinds(DulsError) if "__doc__" not in vars(kind)]


def test_every_command_of_the_contract_is_documented() -> None:
    """Names of commands are what users and scripts build on."""
    commands = (
        *("demo", "migrate", "run", "simulate", "doctor", "zones load", "cameras load", "publish"),
        "privacy report",
        *("dlq list", "dlq show", "dlq replay"),
        *("grafana push", "grafana zones"),
    )
    text = page("commands.md")

    assert [] == [command for command in commands if f"\n## duls {command}\n" not in text]
    assert {command.name for command in program().registered_commands} == {
        command for command in commands if " " not in command
    }


def test_the_readme_names_only_commands_that_exist() -> None:
    """A newcomer copies them."""
    lines = re.findall(r"^duls ([^#\n]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    parts = [line.split() for line in lines]
    text = page("commands.md")

    assert parts
    assert [] == [
        part
        for part in parts
        if f"## duls {part[0]}\n" not in text and f"## duls {' '.join(part[:2])}\n" not in text
    ]


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *DOCS.rglob("*.md")], ids=lambda path: path.name)
def test_no_link_leads_nowhere(path: Path) -> None:
    """Links between pages and to files of the tree are checked; other sites are not."""
    links = LINK.findall(path.read_text(encoding="utf-8"))

    assert [] == [link for link in links if not (path.parent / link).exists()]
