"""`duls demo`."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from duls.cli.output import settings_for

CITY_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def demo(
    *,
    vehicles: Annotated[int, typer.Option(min=10, max=100_000, help="Size of the fleet.")] = 3_000,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Same seed, same city.")] = 1,
    city_time: Annotated[
        str, typer.Option(help="Local time (HH:MM) of a weekday that is played as now; empty: the real one.")
    ] = "08:30",
    seconds: Annotated[float | None, typer.Option(min=1, help="End by itself after so long.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="One line a second instead of a board.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Save the last board as an SVG file.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the live page where there is a display.")] = True,
) -> None:
    """Show a simulated city live, on a page and in this terminal; Ctrl-C ends everything.

    Broker and database are embedded, and an installation is left alone; the page is served to this machine only.
    The broker keeps everything in memory, about 1 GB for each hour, and works more the more it keeps.
    """
    from duls.app.demo import DemoOptions, run_demo

    if city_time and CITY_TIME.fullmatch(city_time) is None:
        message = f"--city-time must be HH:MM, got {city_time!r}"
        raise typer.BadParameter(message)
    run_demo(settings_for(()), DemoOptions(vehicles, seed, city_time, seconds, plain, picture, browser))
