"""`duls doctor`."""

import time

import typer

from duls.cli.output import KAFKA_AND_DATABASE, Json, print_json, say, settings_for


def doctor(*, as_json: Json = False) -> None:
    """Say what is wrong, one sentence and one fix each.

    Ends with 0 when all is well, 1 with findings, 2 when a setting is wrong, 69 when a service is away.
    """
    from duls.app.doctor import Finding, Grade, examine, exit_code

    findings: list[Finding] = examine(settings_for(KAFKA_AND_DATABASE), time.time)
    if as_json:
        print_json({"findings": [{**part._asdict(), "grade": part.grade.value} for part in findings]})
    else:
        for finding in findings:
            say(f"{finding.grade.value:8}{finding.link:12}{finding.sentence}")
            if finding.fix:
                say(f"{'':20}→ {finding.fix}")
        bad = sum(finding.grade not in (Grade.OK, Grade.NOTE) for finding in findings)
        say(f"{len(findings)} links looked at, {bad} findings")
    raise typer.Exit(exit_code(findings))
