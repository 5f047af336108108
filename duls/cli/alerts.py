"""`duls alerts`."""

import getpass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from zoneinfo import ZoneInfo

import typer

from duls.cli.output import (
    DATABASE,
    KAFKA_AND_DATABASE,
    Json,
    print_json,
    print_table,
    progress_to,
    say,
    settings_for,
)
from duls.errors import ConfigError

if TYPE_CHECKING:
    from duls.api.deeds import Deed
    from duls.app.alert_replay import RuleReplay
    from processors.overload.replay import RuleSummary

LOCAL: Final = ZoneInfo("Europe/Amsterdam")
REPLAY_HEADINGS: Final = (
    "rule",
    "zones",
    "now: alerts",
    "hours",
    "longest, min",
    "file: alerts",
    "hours",
    "longest, min",
)

AlertId = Annotated[str, typer.Argument(metavar="ALERT", help="Id of an alert that runs.")]
ZoneId = Annotated[str, typer.Argument(metavar="ZONE", help="Id of a zone.")]
By = Annotated[str, typer.Option(help="Who does it; the name of the login when left out.")]
Note = Annotated[str | None, typer.Option(help="What others should know.")]
Until = Annotated[
    str,
    typer.Option(help="Until when: ISO 8601 with offset, or a length from now such as 90m, 4h or 2d."),
]


def alerts() -> typer.Typer:
    """Return the commands of `duls alerts`."""
    group = typer.Typer(
        help="Overload alerts: what runs, and what operators do about it.", no_args_is_help=True
    )
    group.command("list")(_list)
    group.command("ack")(_acknowledge)
    group.command("snooze")(_snooze)
    group.command("resolve")(_resolve)
    group.command("silence")(_silence)
    group.command("unsilence")(_unsilence)
    group.command("replay")(_replay)
    return group


def _list(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over, for a year.")] = False,
    zone: Annotated[str | None, typer.Option(help="Only of this zone.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: Json = False,
) -> None:
    """List the alerts that run."""
    from duls.app.alerts import list_alerts

    found = list_alerts(settings_for(DATABASE), is_all=every, zone_id=zone, limit=limit)
    if as_json:
        print_json({"alerts": found})
        return
    rows = [
        (
            line.alert_id,
            line.zone_id,
            line.rule,
            line.state + (", quiet" if line.muted else ""),
            f"{line.value or 0:.0f} of {line.capacity}",
            line.since.astimezone().isoformat(timespec="seconds"),
            line.acknowledged_by or "",
            line.reason_en or "",
        )
        for line in found
    ]
    print_table(("alert", "zone", "rule", "state", "count", "since", "acknowledged by", "why"), rows)
    say(f"{len(found)} alerts")


def _acknowledge(alert: AlertId, *, by: By = "", note: Note = None, as_json: Json = False) -> None:
    """Take an alert on: it goes on, and nobody is paged for it any more."""
    from duls.api.deeds import Deed

    _do(Deed("acknowledge", _who(by), alert_id=alert, note=note), as_json=as_json)


def _snooze(alert: AlertId, until: Until, *, by: By = "", note: Note = None, as_json: Json = False) -> None:
    """Let nobody be told of an alert for a while."""
    from duls.api.deeds import Deed

    _do(Deed("snooze", _who(by), alert_id=alert, note=note, until=_moment(until)), as_json=as_json)


def _resolve(
    alert: AlertId,
    *,
    reason: Annotated[str, typer.Option(help="Why it is over.")],
    by: By = "",
    as_json: Json = False,
) -> None:
    """End an alert by hand; its rule fires again once the count was low in between, or after an hour."""
    from duls.api.deeds import Deed

    _do(Deed("resolve", _who(by), alert_id=alert, note=reason), as_json=as_json)


def _silence(
    zone: ZoneId,
    until: Until,
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="From when, as --until; now when left out.")
    ] = None,
    by: By = "",
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Let nobody be told of a zone, for planned works; its alerts are kept and shown."""
    from duls.api.deeds import Deed

    moment = None if start is None else _moment(start)
    deed = Deed("silence", _who(by), zone_id=zone, note=note, start=moment, until=_moment(until))
    _do(deed, as_json=as_json)


def _unsilence(zone: ZoneId, *, by: By = "", note: Note = None, as_json: Json = False) -> None:
    """End the silence of a zone."""
    from duls.api.deeds import Deed

    _do(Deed("unsilence", _who(by), zone_id=zone, note=note), as_json=as_json)


def _replay(
    *,
    start: Annotated[
        str, typer.Option("--from", help="Begin: ISO 8601 with offset, or a length before now such as 2d.")
    ],
    rules: Annotated[Path, typer.Option(help="TOML or JSON file with the rules to try.")],
    end: Annotated[str, typer.Option("--to", help="End, likewise.")] = "0h",
    limit: Annotated[int, typer.Option(min=0, help="How many alerts of the file are listed.")] = 50,
    as_json: Json = False,
) -> None:
    """Tell when the rules of a file would have fired over history, beside the rules in force."""
    from duls.app.alert_replay import Period, replay_rules

    now = datetime.now().astimezone()
    period = Period(*(round(_moment(text, -1).timestamp() * 1e6) for text in (start, end)))
    report = replay_rules(
        settings_for(DATABASE), period, rules, progress_to(quiet=as_json), now_us=round(now.timestamp() * 1e6)
    )
    if as_json:
        print_json(report)
        return
    print_table(REPLAY_HEADINGS, [_beside(line) for line in report.rules])
    say("")
    rows = [
        (
            firing.rule_id,
            firing.zone_id,
            _local(firing.since_us),
            _local(firing.until_us) if firing.is_over else "still running",
            f"{(firing.until_us - firing.since_us) / 60e6:.0f}",
            f"{firing.peak_value} of {firing.capacity}",
        )
        for firing in report.file_firings[:limit]
    ]
    print_table(("rule", "zone", "since", "until", "minutes", "peak"), rows)
    say(f"{len(report.file_firings)} alerts of the file, {len(report.present_firings)} of the rules in force")
    for warning in report.warnings:
        say(f"note: {warning}")


def _beside(line: "RuleReplay") -> tuple[str, ...]:
    """Return a row: a rule under the rules in force and in the file."""
    zones = line.file or line.present
    return (line.rule, str(zones.zones if zones else 0), *_fired(line.present), *_fired(line.file))


def _fired(summary: "RuleSummary | None") -> tuple[str, str, str]:
    """Return how often a rule fired, for how many hours altogether, and how many minutes at most."""
    if summary is None:
        return "-", "-", "-"
    return str(summary.firings), f"{summary.fired_s / 3_600:.1f}", f"{summary.longest_s / 60:.0f}"


def _local(time_us: int) -> str:
    """Return a time as the clock on the wall shows it."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(LOCAL).isoformat(timespec="minutes")


def _do(deed: "Deed", *, as_json: bool) -> None:
    """Do it, and say that it is done."""
    from duls.app.alerts import do

    status = do(settings_for(KAFKA_AND_DATABASE), deed)
    if as_json:
        print_json({"action_id": status.action_id, "kind": status.kind, "zone_id": status.zone_id})
    else:
        say(f"{deed.kind} of {deed.alert_id or deed.zone_id} is done")


def _who(by: str) -> str:
    """Return who does it."""
    return by or getpass.getuser()


def _moment(text: str, sign: int = 1) -> datetime:
    """Return a moment, or one that lies a length from now; with a *sign* of -1, before now."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if text[:-1].isascii() and text[:-1].isdigit() and text[-1] in units:
        return datetime.now().astimezone() + sign * timedelta(**{units[text[-1]]: int(text[:-1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"a moment must be ISO 8601 with offset, or a length such as 90m, 4h or 2d, got {text!r}"
        raise ConfigError(message)
    return moment
