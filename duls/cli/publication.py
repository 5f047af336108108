"""`duls publish`."""

from datetime import date, timedelta

from duls.cli.output import DATABASE, Json, print_json, print_table, say, settings_for

EPOCH = date(1970, 1, 1)


def publish(*, as_json: Json = False) -> None:
    """Publish the local days that are final for planners, and freeze them; aggregate does it every ten minutes."""
    from duls.app.publishing import publish_by_hand

    reports = publish_by_hand(settings_for(DATABASE))
    if as_json:
        print_json({"is_busy": reports is None, "days": reports or []})
        return
    if reports is None:
        say("another process is publishing")
        return
    rows = [
        (
            EPOCH + timedelta(days=report.day),
            report.source.name.lower(),
            report.zones,
            report.guests,
            f"{report.day_cells_ok} of {report.day_cells}",
            f"{report.hour_cells_ok} of {report.hour_cells}",
        )
        for report in reports
    ]
    if rows:
        print_table(("day", "feed", "zones", "left out", "day cells shown", "hour cells shown"), rows)
    say(f"{len(rows)} local days published")
