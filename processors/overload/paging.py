"""Who is to be told, and how often: at most one page per zone in a while, whatever its alerts do."""

from collections.abc import Collection, Iterable

from processors.overload.watch import Alert, Watch


def pages_due(
    watches: Iterable[Watch],
    paged: Collection[str],
    last_page_us: int | None,
    now_us: int,
    interval_us: int,
) -> tuple[Alert, ...]:
    """Return the alerts of a zone that somebody is to be paged for now, in one page.

    An alert that runs, that nobody has acknowledged and nobody wants to be quiet about waits until its zone may
    page again, and is dropped when it is over by then.

    Args:
        watches: Of the zone.
        paged: Ids of the alerts that somebody was paged for.
        last_page_us: When the zone paged last, None where it never did.
        now_us: Stream time.
        interval_us: Shortest time between two pages of a zone.
    """
    if last_page_us is not None and now_us - last_page_us < interval_us:
        return ()
    return tuple(alert for alert in waiting_alerts(watches) if alert.alert_id not in paged)


def waiting_alerts(watches: Iterable[Watch]) -> Iterable[Alert]:
    """Yield the alerts of a zone that run and that somebody should know of."""
    for watch in watches:
        alert = watch.running
        if alert is not None and alert.acknowledged_by is None and not watch.muted:
            yield alert
