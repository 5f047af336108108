"""`duls token`."""

from typing import Annotated

import typer

from duls.cli.output import Json, print_json, say, settings_for


def tokens() -> typer.Typer:
    """Return the commands of `duls token`."""
    group = typer.Typer(help="Tokens for the HTTP API.", no_args_is_help=True)
    group.command("issue")(_issue)
    group.callback()(_tokens)
    return group


def _tokens() -> None:
    """Keep `issue` a word of its own: a group of one command would be that command."""


def _issue(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Whom it is for; the access log shows it.")
    ],
    *,
    scopes: Annotated[
        list[str],
        typer.Option(
            "--scope",
            help="`operator`, `planner`, `act`, `rules`, `grants`, `send-positions`, `send-detections`; several times.",
        ),
    ],
    municipalities: Annotated[
        list[str] | None,
        typer.Option(
            "--municipality", help="CBS code such as GM0363; several times; everywhere if not given."
        ),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="How long it is valid.")] = 90,
    as_json: Json = False,
) -> None:
    """Print a token for the HTTP API, and make the key that signs tokens when it is missing.

    Whoever has a token may read, or send, what its scopes allow until it expires.
    A new first line in the key file signs new tokens; removing an old line ends its tokens within seconds.
    """
    from duls.app.tokens import issue_token

    settings = settings_for(())
    issued = issue_token(settings, subject, scopes=scopes, municipalities=municipalities or [], days=days)
    if as_json:
        print_json(issued)
        return
    if issued.key_made:
        typer.echo(
            f"made the token key file {settings.token_key_file}: keep a copy in a safe place", err=True
        )
    where = ", ".join(issued.municipalities)
    typer.echo(f"{issued.subject}: {', '.join(issued.scopes)} in {where} until {issued.expires_at}", err=True)
    say(issued.token)
