"""`duls topics`."""

from typing import Annotated

import typer

from duls.cli.output import KAFKA_AND_DATABASE, Json, print_json, say, settings_for


def topics() -> typer.Typer:
    """Return the commands of `duls topics`."""
    group = typer.Typer(help="The raw topics, when one of them had to be made anew.", no_args_is_help=True)
    group.command("renew")(_renew)
    return group


def _renew(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the raw topic.")], *, as_json: Json = False
) -> None:
    """Go on with a raw topic that was made anew, from its oldest record; what nobody read of the old one is lost."""
    from duls.app.topics import renew_topic

    report = renew_topic(settings_for(KAFKA_AND_DATABASE), name)
    if as_json:
        print_json(report)
        return
    if not report.over:
        say(f"topic {report.topic} is the one that was read before: there is nothing to do")
        return
    before = ", ".join(str(topic_id) for topic_id in report.over)
    say(f"topic {report.topic} is {report.topic_id} from here on, it was {before}: start intake")
