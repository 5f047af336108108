"""`duls token`."""

import getpass
from typing import Annotated

import typer

from duls.cli.output import DATABASE, Json, print_json, print_table, say, settings_for


def tokens() -> typer.Typer:
    """Return the commands of `duls token`."""
    group = typer.Typer(help="Tokens for the HTTP API.", no_args_is_help=True)
    group.command("issue")(_issue)
    group.command("revoke")(_revoke)
    group.command("list-revoked")(_list_revoked)
    return group


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
    typer.echo(
        f"{issued.subject}: {', '.join(issued.scopes)} in {where} until {issued.expires_at}; "
        f"`duls token revoke {issued.token_id}` ends it before",
        err=True,
    )
    say(issued.token)


def _revoke(
    token_id: Annotated[
        str, typer.Argument(metavar="TOKEN_ID", help="Its id, as `issue` and core.access_log show it.")
    ],
    *,
    by: Annotated[str, typer.Option(help="Who does it; the name of the login when left out.")] = "",
    note: Annotated[str | None, typer.Option(help="Why.")] = None,
    as_json: Json = False,
) -> None:
    """End one token before it expires; within 5 seconds no API process takes it, and its open streams end.

    It cannot be taken back: issue another one. The other tokens of its holder go on.
    """
    from duls.app.revocation import revoke

    token, read = revoke(settings_for(DATABASE), token_id, by=by or getpass.getuser(), note=note)
    if as_json:
        print_json({**token._asdict(), "last_read": read})
        return
    say(f"revoked at {token.revoked_at:%Y-%m-%d %H:%M} by {token.revoked_by}: {token.token_id.hex}")
    if read is None:
        say(
            "nothing was read with it within 30 days: is the id right, and is it not a token that only sends?"
        )
    else:
        say(f"last read with it at {read.at:%Y-%m-%d %H:%M}, as {read.subject}")


def _list_revoked(*, as_json: Json = False) -> None:
    """List the tokens that were revoked, the newest first; each is forgotten once it has expired by itself."""
    from duls.app.revocation import list_revoked

    found = list_revoked(settings_for(DATABASE))
    if as_json:
        print_json(found)
        return
    headings = ("token", "revoked", "by", "note")
    rows = [(t.token_id.hex, f"{t.revoked_at:%Y-%m-%d %H:%M}", t.revoked_by, t.note or "") for t in found]
    print_table(headings, rows)
