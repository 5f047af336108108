"""`duls simulate`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from duls.cli.output import KAFKA, Json, print_json, progress_to, say, settings_for
from duls.errors import ConfigError

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Settles the city and all that happens in it.")]
Vehicles = Annotated[int, typer.Option(min=1, max=16_000_000, help="Size of the fleet.")]


def simulate(
    *,
    seed: Seed = 7,
    vehicles: Vehicles = 5_000,
    interval_s: Annotated[
        float, typer.Option(min=0.05, help="Time between two positions of a driving vehicle.")
    ] = 10.0,
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="About so many positions a second, instead of an interval.")
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="First event time, ISO 8601 with offset; now when left out.")
    ] = None,
    length_s: Annotated[
        float | None, typer.Option(min=0.001, help="Length in event time; until Ctrl-C when left out.")
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.0, help="Event time per real time; 0 is as fast as the broker takes it.")
    ] = 1.0,
    pack: Annotated[int, typer.Option(min=1, max=1_000, help="Positions per record.")] = 1,
    city_time: Annotated[
        str | None, typer.Option(help="Local time (HH:MM) of a weekday that is played as the start.")
    ] = None,
    write_city: Annotated[
        Path | None,
        typer.Option(help="Only write zones.geojson and cameras.csv of the city into this folder."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Send the positions and detections of a synthetic city to Kafka, at a rate, from a seed."""
    from duls.app import simulate as application
    from duls.app.stopping import StopFlag

    plan = application.SimulationPlan(
        seed, vehicles, interval_s, rate, _microseconds(start), length_s, speed, pack, city_time
    )
    if write_city is not None:
        for path in application.write_city(plan, write_city):
            say(f"wrote {path}")
        return
    stop = StopFlag()
    stop.install()
    report = application.simulate(settings_for(KAFKA), plan, stop, progress_to(quiet=as_json))
    if as_json:
        print_json(report)
    else:
        say(
            f"sent {report.positions} positions and {report.detections} detections in {report.records} records"
        )


def _microseconds(text: str | None) -> int | None:
    """Return a moment as microseconds since 1970 UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"--start must be ISO 8601 with offset, such as 2026-11-23T07:00:00+01:00, got {text!r}"
        raise ConfigError(message)
    return round(moment.timestamp()) * 1_000_000
