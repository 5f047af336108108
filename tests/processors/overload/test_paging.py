"""Who is to be told, and how often."""

import pytest

from processors.overload.paging import pages_due, waiting_alerts
from processors.overload.rules import Severity
from processors.overload.watch import Alert, AlertState, Watch

MINUTE_US = 60_000_000
INTERVAL_US = 10 * MINUTE_US


def alert(name: str, **values: object) -> Alert:
    """Return an alert that runs since time 0."""
    plain = {"since_us": 0, "raised_us": 0, "raised_value": 9, "peak_value": 9, "peak_us": 0}
    return Alert(**{"alert_id": name, "severity": Severity.WARNING, **plain, **values})


def watch(of: Alert | None, *, muted: bool = False) -> Watch:
    """Return a watch with an alert."""
    state = AlertState.NORMAL if of is None else AlertState.FIRING
    return Watch(zone_id="z", rule_id="r", state=state, changed_us=0, alert=of, muted=muted)


def test_alerts_that_wait_are_paged_for_in_one_page() -> None:
    """All of the zone that nobody was paged for."""
    told, new, other = alert("told"), alert("new"), alert("other")

    assert (new, other) == pages_due(map(watch, (told, new, other)), {"told"}, None, 0, INTERVAL_US)


@pytest.mark.parametrize(
    "quiet",
    [
        watch(None),
        watch(alert("over", until_us=1)),
        watch(alert("taken on", acknowledged_by="anna")),
        watch(alert("snoozed"), muted=True),
    ],
)
def test_nobody_is_told_of_what_is_over_taken_on_or_silenced(quiet: Watch) -> None:
    """An alert waits until one may page again, and is dropped when it is over by then."""
    assert [] == list(waiting_alerts([quiet]))
    assert () == pages_due([quiet], set(), None, 0, INTERVAL_US)


@pytest.mark.parametrize(("after_us", "pages"), [(INTERVAL_US - 1, 0), (INTERVAL_US, 1)])
def test_a_zone_pages_once_in_a_while(after_us: int, pages: int) -> None:
    """Whatever its alerts do."""
    assert pages == len(pages_due([watch(alert("new"))], set(), MINUTE_US, MINUTE_US + after_us, INTERVAL_US))
