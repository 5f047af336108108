"""The program `duls`: its commands, and what an error becomes."""

import os
import signal
import sys
import traceback
from typing import Annotated, Final

import structlog
import typer
from psycopg.errors import InsufficientPrivilege

from duls.app.stopping import leave
from duls.cli import (
    alerts,
    boards,
    city,
    dead_letters,
    demo,
    doctor,
    grants,
    plates,
    privacy,
    publication,
    registry,
    rules,
    service,
    tokens,
    topics,
)
from duls.core_files import forbid_core_files
from duls.errors import EXIT_DEFECT, EXIT_OK, EXIT_USAGE, DulsError
from duls.logs import LEVELS, set_up_logging
from duls.version import VERSION
from sinks.connection import first_line

SUMMARY: Final = """Live figures of city logistics: who drives where, when and with what, per zone and slot.

Settings come from a TOML file (DULS_CONFIG, else ./duls.toml) and DULS_* variables; see docs/settings.md.

Exit codes: 0 done, 1 findings of the doctor, 2 wrong usage or settings, 69 a needed service is away,
70 a defect of ours.
"""

log = structlog.get_logger()


def _print_version(wanted: bool) -> None:  # noqa: FBT001  # called by typer with the value of the option
    """Print the version and end."""
    if wanted:
        typer.echo(VERSION)
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option(
        "--version",
        help="Print the version and end.",
        is_eager=True,
        callback=_print_version,
    ),
]


def main() -> None:
    """Run the program with the arguments of this process, and end the process."""
    forbid_core_files()
    code = run(sys.argv[1:])
    # a process that has ended well is not ended by the signal while the interpreter clears up
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    leave(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; whatever goes wrong is one sentence on standard error."""
    set_up_logging(level=_first_level(), form="console")  # until the settings are read
    try:
        typer.main.get_command(program()).main(arguments, prog_name="duls")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_OK
    except DulsError as error:
        sys.stderr.write(f"duls: {error}\n")
        return error.exit_code
    except InsufficientPrivilege as error:
        sys.stderr.write(f"duls: {_no_right(error)}\n")
        return EXIT_USAGE
    except Exception as error:  # the last door: anything else is a defect of ours
        sys.stderr.write(f"duls: {_defect(error)}\n")
        log.debug("a defect", exc_info=error)
        return EXIT_DEFECT
    return EXIT_OK


def _first_level() -> str:
    """Return the least level logged before the settings are read; a wrong one is refused with them."""
    level = os.environ.get("DULS_LOG_LEVEL", "")
    return level if level in LEVELS else "info"


def program() -> typer.Typer:
    """Return the program with all its commands."""
    made = typer.Typer(
        help=SUMMARY,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # their frames show values of variables, and those may be secrets
        rich_markup_mode=None,
    )
    made.callback()(_root)
    made.command("demo")(demo.demo)
    made.command("migrate")(service.migrate)
    made.command("run")(service.run)
    made.add_typer(registry.zones(), name="zones")
    made.add_typer(registry.cameras(), name="cameras")
    made.add_typer(plates.rdw(), name="rdw")
    made.add_typer(plates.companies(), name="companies")
    made.add_typer(plates.permits(), name="permits")
    made.add_typer(grants.grants(), name="grants")
    made.add_typer(rules.rules(), name="rules")
    made.add_typer(alerts.alerts(), name="alerts")
    made.command("publish")(publication.publish)
    made.add_typer(privacy.privacy(), name="privacy")
    made.command("simulate")(city.simulate)
    made.command("doctor")(doctor.doctor)
    made.add_typer(dead_letters.dead_letters(), name="dlq")
    made.add_typer(boards.boards(), name="grafana")
    made.add_typer(topics.topics(), name="topics")
    made.add_typer(tokens.tokens(), name="token")
    return made


def _root(*, version: Version = False) -> None:
    """Take the options that stand before a command, and make sure that its kernels are those of today's sources."""
    from duls.app.kernel_cache import forget_outdated_kernels, save_kernels_one_at_a_time

    del version  # it has ended the program already
    forget_outdated_kernels()
    save_kernels_one_at_a_time()


def _no_right(error: InsufficientPrivilege) -> str:
    """Say what a login may not do; PostgreSQL names a table or a function, and no value of a row."""
    return (
        f"the database refuses this to its login: {first_line(error)}; "
        "DULS_DATABASE_URL and DULS_KEYS_URL want the login that ran `duls migrate`"
    )


def _defect(error: Exception) -> str:
    """Say where a defect is; its own words may quote data, so they are for the debug log only."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return (
        f"this is a defect of ours ({type(error).__name__} in {frame.name}, {place}); "
        "DULS_LOG_LEVEL=debug shows more for a report"
    )
