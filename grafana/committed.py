"""The committed boards, for whoever pushes or ships them. Needs no SDK."""

import json
from importlib import resources
from typing import Any

from grafana.words import Language


def committed_boards(language: Language) -> list[dict[str, Any]]:
    """Return the boards of a language as Grafana's JSON, by the name of their file."""
    folder = resources.files("grafana").joinpath("built", language)
    found = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".json")), key=lambda entry: entry.name
    )
    return [json.loads(entry.read_text("utf-8")) for entry in found]
