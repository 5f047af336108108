"""Publication: local days that are final for long and that planners still cannot read."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from duls.app.doctor.findings import Finding, ok, wrong
from duls.app.publishing import wait_s
from duls.config import Settings
from duls.local_midnights import local_midnights
from processors.vocabulary import Source
from sinks.connection import Connection
from sinks.publication import due_days
from sinks.retention import DAY_S, Retention

OVERDUE_S: Final = 3_600.0  # aggregate looks every ten minutes, and a day takes half a minute to decide
LINK: Final = "publication"
FIX: Final = (
    "run `duls publish` and see what it says; aggregate does it every ten minutes, so see its log, "
    "and whether zones and cameras are loaded"
)


def look_at_publication(connection: Connection, settings: Settings) -> Iterator[Finding]:
    """Look for days that were final an hour of stream time ago and have no mark; one finding for each source."""
    found = [finding for source in Source for finding in _overdue(connection, settings, source)]
    if found:
        yield from found
    else:
        yield ok(LINK, "no local day that is final waits to be published")


def _overdue(connection: Connection, settings: Settings, source: Source) -> Iterator[Finding]:
    """Say which days of a source wait, since when, and until when they can still be published."""
    wait = wait_s(settings, source)
    days = due_days(connection, source, wait_s=wait + OVERDUE_S)
    if not days:
        return
    oldest = date(1970, 1, 1) + timedelta(days=days[0])
    end_s = int(local_midnights()[days[0] + 1]) / 1e6
    final = datetime.fromtimestamp(end_s + wait, UTC)
    count = "1 local day" if len(days) == 1 else f"{len(days)} local days"
    sentence = (
        f"{count} of {source.name.lower()} final but not published, the oldest {oldest:%Y-%m-%d}, "
        f"final since {final:%Y-%m-%d %H:%M} UTC; its figures are removed {Retention().live_s // DAY_S} days after it"
    )
    yield wrong(LINK, sentence, FIX)
