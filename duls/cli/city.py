"""`duls simulate`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from duls.cli.output import KAFKA, Json, print_json, progress_to, say, settings_for
from duls.errors import ConfigError

if TYPE_CHECKING:
    from duls.app.simulate import CrowdPlan

MOST_IN_A_CROWD: Final = 10_000

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
    crowd: Annotated[
        str | None,
        typer.Option(
            help="An overload on top: ZONE:VEHICLES:AFTER:FILL:HOLD[:EVERY], times in seconds. So many vans come to "
            "the zone within FILL, stay for HOLD, and leave as they came."
        ),
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
        seed,
        vehicles,
        interval_s,
        rate,
        _microseconds(start),
        length_s,
        speed,
        pack,
        city_time,
        _crowd(crowd),
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


def _crowd(text: str | None) -> "CrowdPlan | None":
    """Return an overload by script."""
    from duls.app.simulate import CrowdPlan

    if text is None:
        return None
    zone_id, *numbers = text.split(":")
    try:
        vehicles, (after_s, fill_s, hold_s, *every_s) = int(numbers[0]), map(float, numbers[1:])
    except (ValueError, IndexError):
        vehicles, after_s, fill_s, hold_s, every_s = 0, 0.0, 0.0, 0.0, []
    times_s = [after_s, fill_s, hold_s, *every_s]
    is_usable = 1 <= vehicles <= MOST_IN_A_CROWD and len(every_s) <= 1 and all(0 <= s < 1e6 for s in times_s)
    if not zone_id or not is_usable:
        message = f"--crowd must be such as markten:20:60:30:120 or markten:20:60:30:120:900, got {text!r}"
        raise ConfigError(message)
    return CrowdPlan(zone_id, vehicles, after_s, fill_s, hold_s, every_s[0] if every_s else None)


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
