"""Write the reference pages from the code: settings, commands, metrics, errors and the HTTP API.

`python docs/generate.py` writes them, `--check` says which are not what the code says.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from duls.cli.program import program
from duls.config import settings_reference
from duls.errors import DulsError
from duls.metrics import Metrics

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))
from generate_api import api_page  # noqa: E402  # a script beside this one, found by the path above

MARK = "<!-- made by docs/generate.py; change the code, not this file -->"

SETTINGS = f"""# Settings

{MARK}

Settings come from a TOML file and from the environment; a variable wins over the file.
The file is the one that `DULS_CONFIG` names, else `duls.toml` in the working directory if it is there.
A name in the file, or a variable starting with `DULS_`, that is not below is an error; so is a value out of bounds.
An empty variable counts as not given.
Secrets have no default and are never printed.

```toml
[kafka]
bootstrap_servers = "kafka-1:9093,kafka-2:9093"

[kafka.client]  # any property of librdkafka; as variable DULS_KAFKA_CLIENT='{{"security.protocol": "SASL_SSL"}}'
"security.protocol" = "SASL_SSL"

[database]
url = "postgresql://duls@db.example/duls"
```

The settings of the section `figures` decide figures.
`duls migrate`, or a role at its start, stores them as a version when they changed, and announces it in the log.
So every partition applies them at one place of its log, and a replay at the same place.
"""

COMMANDS = f"""# Commands

{MARK}

One program, `duls`; settings come from [a file and the environment](settings.md).

| exit code | means |
|---|---|
| 0 | done |
| 1 | `duls doctor` found something wrong |
| 2 | wrong usage or settings |
| 69 | a needed broker or database is away |
| 70 | a defect of ours, or going on would corrupt figures |

SIGTERM ends any role within 10 s with exit code 0, and nothing is lost.
"""

METRICS = f"""# Metrics

{MARK}

Every role serves `/metrics` for Prometheus on `DULS_METRICS_PORT`, at the address of `DULS_HTTP_BIND`.
The role `api` serves it on the port of `DULS_HTTP_BIND` itself, beside the page and the API.
When another process on the machine has the port, the next free one of sixteen is taken, and the log says which.
Beside these there are `duls_process_*` (processor time, memory, open files) of the process.
"""

ERRORS = f"""# Errors

{MARK}

What goes wrong on purpose: one sentence on standard error, which says what, where and what to do, and an exit code.
Bad records are none of these: they are rejected rows with a reason, counted and told of in the dead-letter topics.
Anything else that ends a command is a defect of ours, with exit code 70.
"""


def pages() -> dict[str, str]:
    """Return every generated page by file name."""
    return {
        "settings.md": SETTINGS + _settings(),
        "commands.md": COMMANDS + _commands(),
        "metrics.md": METRICS + _metrics(),
        "errors.md": ERRORS + _errors(),
        "api.md": api_page(MARK, _table),
    }


def differing() -> list[str]:
    """Return the names of pages that are not what the code says."""
    return [name for name, text in pages().items() if _read(FOLDER / name) != text]


def _settings() -> str:
    """Return a table for each section of the settings."""
    parts = []
    for section, settings in groupby(
        settings_reference(), key=lambda setting: setting.toml.partition(".")[0]
    ):
        rows = [
            (f"`{s.toml.partition('.')[2]}`", f"`{s.variable}`", s.values, _code(s.default), s.description)
            for s in settings
        ]
        headings = ("key", "variable", "values", "default", "meaning")
        parts.append(f"\n## [{section}]\n\n{_table(headings, rows)}")
    return "".join(parts)


def _metrics() -> str:
    """Return the table of metrics."""
    reference = sorted(Metrics(version="", clock=lambda: 0.0).reference)
    rows = [
        (f"`{m.name}`", m.kind, ", ".join(f"`{label}`" for label in m.labels), m.meaning) for m in reference
    ]
    return f"\n{_table(('metric', 'kind', 'labels', 'meaning'), rows)}"


def _errors() -> str:
    """Return the table of errors."""
    rows = [
        (f"`{kind.__name__}`", str(kind.exit_code), _prose(kind.__doc__ or "")) for kind in _kinds(DulsError)
    ]
    return f"\n{_table(('error', 'exit code', 'when'), rows)}"


def _kinds(kind: type[DulsError]) -> Iterable[type[DulsError]]:
    """Yield an error and all its kinds, in the order of their declaration."""
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


def _commands() -> str:
    """Return a part for each command."""
    return "".join(
        _command(words, command) for words, command in _leaves(("duls",), typer.main.get_command(program()))
    )


def _leaves(words: tuple[str, ...], command: Any) -> Iterable[tuple[tuple[str, ...], Any]]:
    """Yield every command that does something, with the words that call it."""
    if not isinstance(command, TyperGroup):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from _leaves((*words, name), inner)


def _command(words: Sequence[str], command: Any) -> str:
    """Return the part of one command: what it does and its parameters."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    usage = " ".join(
        [*words, *(str(a.metavar or a.name).upper() + ("…" if a.nargs == -1 else "") for a in arguments)]
    )
    text = f"\n## {' '.join(words)}\n\n```\n{usage}{' [OPTION…]' if options else ''}\n```\n\n{_prose(command.help)}\n"
    rows = [
        (f"`{str(a.metavar or a.name).upper()}`", _prose(a.help or "Path of the file."), "")
        for a in arguments
    ]
    rows += [(f"`{'`, `'.join(o.opts)}`", _prose(o.help or ""), _default(o)) for o in options]
    return text + (f"\n{_table(('parameter', 'meaning', 'default'), rows)}" if rows else "")


def _default(option: Any) -> str:
    """Return the default of an option; a flag is off."""
    return "" if option.is_flag or option.default is None else _code(str(option.default))


def _prose(text: str) -> str:
    """Return a docstring as one paragraph per blank line."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _code(text: str) -> str:
    """Return a value as code, nothing where there is none."""
    return f"`{text}`" if text else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _read(path: Path) -> str:
    """Return the text of a page, nothing where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def main() -> int:
    """Write the pages, or check them; return the exit status."""
    if "--check" in sys.argv[1:]:
        wrong = differing()
        sys.stderr.write(
            "".join(f"docs/{name} is not what the code says: python docs/generate.py\n" for name in wrong)
        )
        return bool(wrong)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
