"""`duls grafana`."""

from pathlib import Path
from typing import Annotated, Final

import typer

from duls.cli.output import Json, print_json, say, settings_for
from duls.config import Need
from duls.errors import ConfigError
from grafana.words import LANGUAGES

DATABASE: Final = (Need.DATABASE,)


def boards() -> typer.Typer:
    """Return the commands of `duls grafana`."""
    group = typer.Typer(
        help="The boards in Grafana, where they are not provisioned from files.", no_args_is_help=True
    )
    group.command("push")(_push)
    group.command("zones")(_zones)
    return group


def _push(
    *,
    language: Annotated[
        str | None, typer.Option(help="nl or en; grafana.language when left out.", metavar="LANGUAGE")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring boards, data sources and the playlist to Grafana through its API; again changes what is there."""
    from duls.app.boards import push_boards

    if language is not None and language not in LANGUAGES:
        message = f"--language must be {' or '.join(LANGUAGES)}, got {language!r}"
        raise ConfigError(message)
    pushed = push_boards(settings_for(()), language)
    if as_json:
        print_json(pushed)
        return
    for board in pushed.boards:
        say(board)
    told = ", ".join(pushed.data_sources) or "none: no login is set, so those in Grafana stay as they are"
    say(f"data sources: {told}")
    say(f"playlist: {pushed.playlist}")


def _zones(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Write the zones for the filled map: put the file into Grafana's folder public/maps as duls-zones.geojson."""
    from duls.app.boards import write_zones

    say(f"{write_zones(settings_for(DATABASE), file)} zones written to {file}")
