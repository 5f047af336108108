"""`duls zones` and `duls cameras`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from duls.cli.output import KAFKA_AND_DATABASE, Json, print_json, print_table, say, settings_for

if TYPE_CHECKING:
    from duls.app.registry import LoadReport

File = Annotated[Path, typer.Argument(metavar="FILE")]


def zones() -> typer.Typer:
    """Return the commands of `duls zones`."""
    group = typer.Typer(help="The zones that figures are about.", no_args_is_help=True)
    group.command("load")(_load_zones)
    return group


def cameras() -> typer.Typer:
    """Return the commands of `duls cameras`."""
    group = typer.Typer(help="The registry of number-plate cameras.", no_args_is_help=True)
    group.command("load")(_load_cameras)
    group.command("override")(_override_cameras)
    return group


def _load_zones(file: File, *, as_json: Json = False) -> None:
    """Make the features of a GeoJSON file the zones, all others gone; tell what was repaired or refused."""
    from duls.app.registry import load_zone_file

    _show("zones", load_zone_file(settings_for(KAFKA_AND_DATABASE), file), as_json=as_json)


def _load_cameras(file: File, *, as_json: Json = False) -> None:
    """Make a CSV file, or VESDI messages, the camera registry, all others gone; tell what was refused."""
    from duls.app.registry import load_camera_file

    _show("cameras", load_camera_file(settings_for(KAFKA_AND_DATABASE), file), as_json=as_json)


def _override_cameras(file: File, *, as_json: Json = False) -> None:
    """Make a CSV file the steward's word on cameras and zones, which beats suppliers; an empty one takes it back."""
    from duls.app.registry import load_override_file

    _show("overrides", load_override_file(settings_for(KAFKA_AND_DATABASE), file), as_json=as_json)


def _show(what: str, report: "LoadReport", *, as_json: bool) -> None:
    """Print what became of a file."""
    if as_json:
        print_json({**report._asdict(), "refused": report.refused})
        return
    if report.features:
        rows = [(part.place, part.name or "-", part.action, part.message) for part in report.features]
        print_table(("place", "id", "", "why"), rows)
    news = "announced as" if report.is_new else "unchanged since"
    say(f"{report.loaded} {what} {news} version {report.version}, {report.refused} refused")
