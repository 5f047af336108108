"""Make the committed files of the boards: `python -m grafana.build`; with `--check` only say what differs."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.city_dashboard import city_dashboard
from grafana.city_support_center import city_support_center
from grafana.operations import operations
from grafana.provisioning import provisioning_files
from grafana.words import LANGUAGES, Language

HERE: Final = Path(__file__).parent


def boards(language: Language) -> dict[str, Dashboard]:
    """Return the boards of a language by the name of their file. A board of another subject is added here."""
    return {
        "city-support-center": city_support_center(language),
        "city-support-center-markers": city_support_center(language, filled=False),
        "city-dashboard": city_dashboard(language),
        "operations": operations(language),
    }


def files() -> dict[str, str]:
    """Return every file to commit, by its path in this package."""
    made = {
        f"built/{language}/{name}.json": json.dumps(board, cls=JSONEncoder, indent=1, ensure_ascii=False)
        + "\n"
        for language in LANGUAGES
        for name, board in boards(language).items()
    }
    return {**made, **provisioning_files()}


def differing() -> list[str]:
    """Return the paths whose committed text is not what the code makes, and those that nothing makes any more."""
    made = files()
    wrong = [path for path, text in made.items() if _committed(path) != text]
    stray = [
        str(path.relative_to(HERE))
        for path in sorted(HERE.glob("built/*/*.json"))
        if str(path.relative_to(HERE)) not in made
    ]
    return wrong + stray


def main() -> int:
    """Write the files, or tell which are out of date; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grafana.build", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail when a file is out of date"
    )
    if parser.parse_args().check:
        wrong = differing()
        for path in wrong:
            sys.stderr.write(f"grafana/{path} is out of date: run python -m grafana.build\n")
        return 1 if wrong else 0
    for path, text in files().items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
    return 0


def _committed(path: str) -> str | None:
    """Return the text of a committed file, None where there is none."""
    file = HERE / path
    return file.read_text(encoding="utf-8") if file.exists() else None


if __name__ == "__main__":
    sys.exit(main())
