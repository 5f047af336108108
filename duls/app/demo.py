"""`duls demo`: broker, database, a simulated city, intake, aggregate, alerts, the live page, a board in this terminal.

Everything is embedded, and gone at the end. An installation that the settings name is left alone: a demo would replace
its zones and cameras, and send simulated vehicles and alerts where real ones are looked at.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from rich.console import Console, RenderableType
from rich.live import Live

from duls.app.board import board
from duls.app.demo_city import CROWD, crowd_option, load_demo_rules
from duls.app.live_page import LivePage
from duls.app.migrate import run_migrate
from duls.app.registry import load_camera_file, load_zone_file
from duls.app.simulate import SimulationPlan, write_city
from duls.app.stopping import StopFlag
from duls.config import Settings, load_settings
from duls.config.names import CONFIG_VARIABLE, PREFIX
from duls.errors import DulsError, ServiceAwayError
from duls.local_process import LOCALHOST, free_port, port_answers
from sinks.board import BoardView, read_board
from sinks.connection import open_connection
from sinks.embedded_database import EmbeddedDatabase
from streams.embedded_broker import EmbeddedBroker

REFRESH_S: Final = 1.0
END_S: Final = 10.0
ZONES_SHOWN: Final = 12
SLOT_S: Final = 60  # shorter than in a city, so that the time slider has something to show after a minute
PICTURE_COLUMNS: Final = 112
FONT_FACE: Final = re.compile(r"@font-face \{.*?\}", re.DOTALL)

# what the embedded broker needs: see streams.embedded_broker
EMBEDDED_CLIENT: Final = {
    "session.timeout.ms": 6_000,
    "heartbeat.interval.ms": 1_000,
    "fetch.wait.max.ms": 50,
}


class DemoOptions(NamedTuple):
    """What the demo shows."""

    vehicles: int = 3_000
    seed: int = 1
    city_time: str = (
        "08:30"  # a weekday's local time that is played as now, so that there is something to see
    )
    seconds: float | None = None  # ends by itself after so long; None goes on until Ctrl-C
    plain: bool = False  # lines instead of a live board
    picture: Path | None = None  # where the last board is saved as SVG
    browser: bool = True  # open the live page where there is a display


def run_demo(settings: Settings, options: DemoOptions) -> None:
    """Run the demo until Ctrl-C, or for the seconds asked for; everything it started ends with it."""
    stop = StopFlag()
    stop.install()
    console = Console()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duls-demo-")))
        environment = _environment(settings, folder, stack, console)
        ours = load_settings(environment)
        console.print("preparing topics, schema and the city …")
        run_migrate(ours, lambda _line: None)
        _load_city(ours, options, folder)
        logs = stack.enter_context((folder / "roles.log").open("w+b"))
        city = ["--vehicles", str(options.vehicles), "--seed", str(options.seed), "--interval-s", "5"]
        clock = ["--city-time", options.city_time] if options.city_time else []
        crowd = ["--crowd", crowd_option(CROWD)]
        roles = [["run", role] for role in ("api", "intake", "aggregate", "alert")]
        commands = [*roles, ["simulate", *city, *clock, *crowd]]
        processes = [
            stack.enter_context(_running(command, environment, logs.fileno())) for command in commands
        ]
        page = LivePage(ours.http_address[1], is_opened=options.browser and console.is_terminal)
        console.print(f"the live page: {page.url}")
        try:
            _show(ours, options, processes, page, stop, console)
        except DulsError:
            logs.seek(0)
            console.print(logs.read().decode(errors="replace")[-4_000:], markup=False)
            raise
        console.print("ending …")


def _environment(settings: Settings, folder: Path, stack: ExitStack, console: Console) -> dict[str, str]:
    """Return the environment of the demo's processes, once broker and database run.

    Of the settings, it keeps the length of slots and the port of the page.
    """
    console.print("starting an embedded broker …")
    broker = stack.enter_context(EmbeddedBroker())
    console.print("starting an embedded database …")
    database = stack.enter_context(EmbeddedDatabase())
    config = folder / "duls.toml"
    config.touch()
    is_slot_given = "slot_s" in settings.figures.model_fields_set
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
        CONFIG_VARIABLE: str(config),
        "DULS_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "DULS_KAFKA_CLIENT": msgspec.json.encode(EMBEDDED_CLIENT).decode(),
        "DULS_TRUST_CREATE_TIME": "true",  # the embedded broker stamps none
        "DULS_PARTITIONS": "2",
        "DULS_DATABASE_URL": database.create_database("duls"),
        "DULS_KEYS_URL": database.create_database("duls_keys"),
        "DULS_MASTER_KEY_FILE": str(folder / "master.key"),
        "DULS_SLOT_S": str(settings.figures.slot_s if is_slot_given else SLOT_S),
        "DULS_HTTP_BIND": f"{LOCALHOST}:{_page_port(settings)}",  # this machine only, and everybody on it
        "DULS_HTTP_ANONYMOUS": "act",
        "DULS_METRICS_PORT": "0",
        "DULS_LOG_LEVEL": "warning",
    }


def _page_port(settings: Settings) -> int:
    """Return the port that the settings name, or a free one where another process has it."""
    port = settings.http_address[1]
    return free_port() if port == 0 or port_answers(port) else port


def _load_city(settings: Settings, options: DemoOptions, folder: Path) -> None:
    """Load the zones and cameras of the simulated city."""
    zones, cameras = write_city(SimulationPlan(seed=options.seed, vehicles=options.vehicles), folder)
    load_zone_file(settings, zones)
    load_camera_file(settings, cameras)
    load_demo_rules(settings)


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], log: int
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a `duls` command as a process of its own session until the block ends."""
    process = subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-m", "duls", *command],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C reaches the demo, which ends the others in order
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _show(
    settings: Settings,
    options: DemoOptions,
    processes: list["subprocess.Popen[bytes]"],
    page: LivePage,
    stop: StopFlag,
    console: Console,
) -> None:
    """Show the board, or lines, until stopped or the time is over."""
    end_s = None if options.seconds is None else time.monotonic() + options.seconds
    played = f", a weekday at {options.city_time} played as now" if options.city_time else ""
    note = f"live page: {page.url}   {options.vehicles:,} simulated vehicles{played}; Ctrl-C ends it"
    counted: tuple[float, int] | None = None
    rate_per_s = 0.0
    live = None if options.plain else Live(console=console, auto_refresh=False, screen=console.is_terminal)
    with ExitStack() as stack:
        connection = stack.enter_context(open_connection(settings.database_url, application_name="duls demo"))
        if live is not None:
            stack.enter_context(live)
        view = read_board(connection, zones=ZONES_SHOWN)
        while not stop.is_set() and (end_s is None or time.monotonic() < end_s):
            _require_running(processes)
            page.open_when_served()
            view = read_board(connection, zones=ZONES_SHOWN)
            now_s, total = time.monotonic(), sum(feed.accepted_1h for feed in view.feeds)
            if counted is not None and total > counted[1]:
                rate_per_s = (total - counted[1]) / (now_s - counted[0])
            counted = (now_s, total)
            if live is None:
                console.print(_line(view, rate_per_s), highlight=False, soft_wrap=True)
            else:
                live.update(_shown(view, rate_per_s, note), refresh=True)
            stop.wait(REFRESH_S)
    if options.picture is not None:
        _save(_shown(view, rate_per_s, note), options.picture)


def _shown(view: BoardView, rate_per_s: float, note: str) -> RenderableType:
    """Return the board of one reading."""
    return board(view if view.zones else None, rate_per_s=rate_per_s, now=datetime.now(UTC), note=note)


def _save(shown: RenderableType, path: Path) -> None:
    """Save a board as an SVG file."""
    console = Console(record=True, width=PICTURE_COLUMNS, file=StringIO())
    console.print(shown)
    # a picture must not ask another host for its font
    path.write_text(FONT_FACE.sub("", console.export_svg(title="duls demo")), encoding="utf-8")


def _line(view: BoardView, rate_per_s: float) -> str:
    """Return the board as one line, for a terminal that is none."""
    entries = sum(flow.entries for flow in view.flows)
    ages = ", ".join(f"{feed.feed} {feed.age_s:.1f} s old" for feed in view.feeds if feed.age_s is not None)
    counts = f"{rate_per_s:6.0f} events/s, {view.present} vehicles in the city, {entries} came into a neighbourhood"
    return f"{counts}; {ages or 'no data yet'}"


def _require_running(processes: list["subprocess.Popen[bytes]"]) -> None:
    """Raise when one of the processes has ended."""
    for process in processes:
        code = process.poll()
        if code is not None:
            message = f"a process of the demo ended with code {code}; its last lines are above"
            raise ServiceAwayError(message)
