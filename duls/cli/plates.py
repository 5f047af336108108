"""`duls rdw`, `duls companies` and `duls permits`: registers of plates that intake joins to its rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duls.cli.output import Json, print_json, progress_to, say, settings_for

if TYPE_CHECKING:
    from duls.app.steward_tables import TableReport

File = Annotated[Path, typer.Argument(metavar="FILE")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE…")]


def rdw() -> typer.Typer:
    """Return the commands of `duls rdw`."""
    group = typer.Typer(help="What the Dutch vehicle register knows of plates.", no_args_is_help=True)
    group.command("load")(_load_rdw)
    return group


def companies() -> typer.Typer:
    """Return the commands of `duls companies`."""
    group = typer.Typer(help="Which branch and size of company holds a plate.", no_args_is_help=True)
    group.command("load")(_load_companies)
    return group


def permits() -> typer.Typer:
    """Return the commands of `duls permits`."""
    group = typer.Typer(help="Which plates have a permit, where and until when.", no_args_is_help=True)
    group.command("load")(_load_permits)
    return group


def _load_rdw(files: Files, *, as_json: Json = False) -> None:
    """Make exports of RDW, CSV or JSON, the register of this machine; intake goes over to it without a restart."""
    from duls.app.rdw import load_rdw

    report = load_rdw(settings_for(()), files, progress_to(quiet=as_json))
    if as_json:
        print_json(report)
        return
    say(
        f"{report.vehicles} vehicles loaded, {report.with_fuel} with a fuel, {report.refused} rows refused; "
        f"{report.table_bytes / 2**20:.0f} MiB"
    )


def _load_companies(file: File, *, as_json: Json = False) -> None:
    """Make a CSV file (plate, sbi, size) the register of companies of this machine."""
    from duls.app.steward_tables import load_companies

    _show("plates of companies", load_companies(settings_for(()), file), as_json=as_json)


def _load_permits(file: File, *, as_json: Json = False) -> None:
    """Make a CSV file (plate, zone_id, from, until, kind) the register of permits of this machine."""
    from duls.app.steward_tables import load_permits

    _show("permits", load_permits(settings_for(()), file), as_json=as_json)


def _show(what: str, report: "TableReport", *, as_json: bool) -> None:
    """Print what became of a table."""
    if as_json:
        print_json(report)
        return
    for reason in report.reasons:
        say(reason)
    say(f"{report.loaded} {what} loaded, {report.refused} refused")
