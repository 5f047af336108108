"""`duls migrate` and `duls run`."""

from typing import Annotated

import typer

from duls.cli.output import KAFKA_AND_DATABASE, Json, print_json, progress_to, settings_for
from duls.loading import loading


def migrate(*, as_json: Json = False) -> None:
    """Bring topics and database schemas to the current version; safe to repeat, never back."""
    from duls.app.migrate import run_migrate

    report = run_migrate(settings_for(KAFKA_AND_DATABASE), progress_to(quiet=as_json))
    if as_json:
        print_json(report)


def run(
    roles: Annotated[list[str], typer.Argument(metavar="ROLE", help="intake, aggregate, alert, api or all.")],
    *,
    until_drained: Annotated[
        bool,
        typer.Option("--until-drained", help="Stop once all input present at the start is in the database."),
    ] = False,
    from_beginning: Annotated[
        bool,
        typer.Option("--from-beginning", help="Begin at the oldest record although figures exist."),
    ] = False,
) -> None:
    """Run roles; any number of processes share the work through Kafka."""
    from duls.app.stopping import end_at_signals

    end_at_signals()
    with loading():
        from duls.app.roles import run_roles  # takes seconds

    settings = settings_for(KAFKA_AND_DATABASE)
    code = run_roles(settings, roles, until_drained=until_drained, from_beginning=from_beginning)
    raise typer.Exit(code)
