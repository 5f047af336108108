"""`duls rules`."""

import getpass
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duls.cli.output import DATABASE, Json, print_json, print_table, say, settings_for

if TYPE_CHECKING:
    from duls.app.rules import Mode

File = Annotated[Path, typer.Argument(metavar="FILE")]
By = Annotated[str, typer.Option(help="Who does it; the name of the login when left out.")]
Note = Annotated[str | None, typer.Option(help="Why, for the log.")]


def rules() -> typer.Typer:
    """Return the commands of `duls rules`."""
    group = typer.Typer(help="The rules of overload alerts.", no_args_is_help=True)
    group.command("load")(_load)
    group.command("list")(_list)
    group.command("show")(_show)
    group.command("log")(_log)
    return group


def _load(
    file: File,
    *,
    by: By = "",
    note: Note = None,
    merge: Annotated[
        bool | None,
        typer.Option(
            "--merge/--replace", help="Keep the other rules; the default for GeoJSON, else they go."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put the rules of a TOML, JSON or GeoJSON file in force; running alerts of other rules go on."""
    from duls.app.rules import Author, load_rule_file

    mode: Mode | None = None if merge is None else ("merge" if merge else "replace")
    author = Author(by or getpass.getuser(), note)
    report = load_rule_file(settings_for(DATABASE), file, author, mode=mode)
    if as_json:
        print_json(report)
        return
    for warning in report.warnings:
        say(f"warning: {warning}")
    if report.changes:
        print_table(("rule", ""), sorted(report.changes.items()))
    news = "in force as" if report.is_new else "unchanged since"
    say(f"{report.rules} rules {news} version {report.version}")


def _list(*, as_json: Json = False) -> None:
    """List the rules in force."""
    from duls.app.rules import current_rules
    from processors.overload.rule_document import rule_document

    found = current_rules(settings_for(DATABASE))
    if as_json:
        print_json({"version": found.version, **rule_document(found)})
        return
    rows = [
        (
            rule.rule_id,
            rule.zone or f"{rule.kind} {rule.municipality or ''}".strip(),
            ",".join(rule.classes),
            rule.measure,
            "zone" if rule.capacity is None else rule.capacity,
            f"{rule.raise_pct}/{rule.clear_pct} %",
            f"{rule.raise_s}/{rule.clear_s} s",
            rule.severity,
            len(rule.windows) or "always",
        )
        for rule in found.rules
    ]
    headings = (
        "rule",
        "about",
        "classes",
        "measure",
        "capacity",
        "raise/clear",
        "after",
        "severity",
        "windows",
    )
    print_table(headings, rows)
    say(f"version {found.version}, {len(found.rules)} rules, {len(found.calendars)} calendars")


def _show() -> None:
    """Print the rules in force as the JSON document that `duls rules load` takes."""
    from duls.app.rules import current_rules
    from processors.overload.rule_document import rule_document

    say(json.dumps(rule_document(current_rules(settings_for(DATABASE))), ensure_ascii=False, indent=2))


def _log(
    *, limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20, as_json: Json = False
) -> None:
    """Tell who changed the rules, when and why."""
    from duls.app.rules import changes_of_rules

    changes = changes_of_rules(settings_for(DATABASE), limit)
    if as_json:
        print_json({"versions": [{**c._asdict(), "changes": json.loads(c.changes)} for c in changes]})
        return
    rows = [
        (
            change.version,
            datetime.fromtimestamp(change.stored_us / 1e6, UTC).isoformat(timespec="seconds"),
            change.stored_by,
            ", ".join(f"{name} {what}" for name, what in json.loads(change.changes).items()),
            change.note or "",
        )
        for change in changes
    ]
    print_table(("version", "when", "who", "what", "why"), rows)
