"""`duls grants`."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from duls.cli.output import DATABASE, Json, print_json, print_table, say, settings_for

if TYPE_CHECKING:
    from sinks.grants import StoredGrant

By = Annotated[str, typer.Option(help="Who does it; the name of the login when left out.")]
Note = Annotated[str | None, typer.Option(help="Why, or where the agreement is.")]


def grants() -> typer.Typer:
    """Return the commands of `duls grants`."""
    group = typer.Typer(help="Whose positions may be taken, for what, where and when.", no_args_is_help=True)
    group.command("add")(_add)
    group.command("list")(_list)
    group.command("revoke")(_revoke)
    return group


def _add(
    carrier: Annotated[str, typer.Argument(metavar="CARRIER", help="Its name, as its positions have it.")],
    *,
    purpose: Annotated[str, typer.Option(help="What for, as `intake.purpose` of the installation names it.")],
    zones: Annotated[
        list[str] | None, typer.Option("--zone", help="Id of a zone; several times; everywhere if not given.")
    ] = None,
    valid_from: Annotated[
        str, typer.Option("--from", help="First day or time, local; now if not given.")
    ] = "",
    valid_until: Annotated[
        str,
        typer.Option("--until", help="Positions of this day or time on are not taken; no end if not given."),
    ] = "",
    by: By = "",
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Write down that a carrier grants its positions; they are taken within 10 seconds."""
    from duls.app.grants import GrantWish, add

    wish = GrantWish(carrier, purpose, zones or [], valid_from, valid_until, note)
    _tell(add(settings_for(DATABASE), wish, by=by or getpass.getuser()), as_json=as_json)


def _revoke(
    grant_id: Annotated[str, typer.Argument(metavar="GRANT", help="Its id, as `list` shows it.")],
    *,
    by: By = "",
    note: Note = None,
    as_json: Json = False,
) -> None:
    """Revoke a grant; within 10 seconds no position is taken by it."""
    from duls.app.grants import revoke

    _tell(revoke(settings_for(DATABASE), grant_id, by=by or getpass.getuser(), note=note), as_json=as_json)


def _list(
    *,
    with_revoked: Annotated[bool, typer.Option("--all", help="Those that were revoked, too.")] = False,
    as_json: Json = False,
) -> None:
    """List grants, the newest first, with who wrote them down and who revoked them."""
    from duls.app.grants import list_grants

    found = list_grants(settings_for(DATABASE), with_revoked=with_revoked)
    if as_json:
        print_json([_texts(grant) for grant in found])
        return
    headings = ("grant", "carrier", "purpose", "zones", "from", "until", "by", "revoked")
    print_table(headings, [tuple(_row(grant).values()) for grant in found])


def _tell(grant: "StoredGrant", *, as_json: bool) -> None:
    """Print one grant."""
    if as_json:
        print_json(_texts(grant))
        return
    say("; ".join(f"{name} {text}" for name, text in _row(grant).items() if text))


def _row(grant: "StoredGrant") -> dict[str, str]:
    """Return a grant in words."""
    revoked = f"{grant.revoked_at:%Y-%m-%d %H:%M} by {grant.revoked_by}" if grant.revoked_at else ""
    return {
        "grant": str(grant.grant_id),
        "carrier": grant.carrier,
        "purpose": grant.purpose,
        "zones": ", ".join(grant.zone_ids) if grant.zone_ids else "everywhere",
        "from": grant.valid_from.isoformat(timespec="minutes"),
        "until": grant.valid_until.isoformat(timespec="minutes") if grant.valid_until else "",
        "by": grant.granted_by,
        "revoked": revoked,
    }


def _texts(grant: "StoredGrant") -> dict[str, object]:
    """Return a grant as JSON knows it."""
    return {
        name: value if value is None or isinstance(value, str | list) else str(value)
        for name, value in grant._asdict().items()
    }
