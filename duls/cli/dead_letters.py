"""`duls dlq`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from duls.cli.output import KAFKA, KAFKA_AND_DATABASE, Json, print_json, print_table, say, settings_for


def dead_letters() -> typer.Typer:
    """Return the commands of `duls dlq`."""
    group = typer.Typer(help="Rows that were rejected: where they stand and why.", no_args_is_help=True)
    group.command("list")(_list)
    group.command("show")(_show)
    group.command("replay")(_replay)
    return group


def _list(*, as_json: Json = False) -> None:
    """Count the rejected rows of the last week by topic and reason."""
    from duls.app.dead_letters import list_letters

    groups = list_letters(settings_for(KAFKA))
    if as_json:
        print_json({"groups": groups})
        return
    rows = [(g.topic, g.reason, g.rows, _moment(g.first_ms), _moment(g.last_ms)) for g in groups]
    print_table(("topic", "reason", "rows", "first", "last"), rows)


def _show(
    *,
    reason: Annotated[str | None, typer.Option(help="Only rows rejected for this reason.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """Tell where the newest rejected rows stand, never what they said."""
    from duls.app.dead_letters import show_letters

    letters = show_letters(settings_for(KAFKA), reason=reason, limit=limit)
    if as_json:
        print_json({"letters": letters})
        return
    rows = [
        (_moment(part.told_ms), part.topic, part.partition, part.offset, part.row, part.rows, part.reason)
        for part in letters
    ]
    print_table(("told", "topic", "partition", "offset", "row", "rows", "reason"), rows)


def _replay(*, as_json: Json = False) -> None:
    """Send records of unregistered cameras again, while the raw topic holds them; load the cameras first."""
    from duls.app.dead_letters import replay_letters

    report = replay_letters(settings_for(KAFKA_AND_DATABASE))
    if as_json:
        print_json(report)
    else:
        say(f"{report.records} records sent again for {report.letters} rows; {report.gone} records are gone")


def _moment(told_ms: int) -> str:
    """Return a time as ISO 8601, to the second."""
    return datetime.fromtimestamp(told_ms / 1_000, UTC).isoformat(timespec="seconds")
