"""The forms in which peers count positions by zone and slot, and how they tell what they counted.

A peer is a process: `python -m benchmarks.NAME_counts SERVERS TOPIC RECORDS FORM`. It ends after so many records
(form WINDOWS: after so many positions in zones) and prints what it counted as its last line; in form LIVE it goes on.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

Cells = Mapping[tuple[int, int], int]
"""Positions by zone and slot; slots are numbered since 1970."""

NOTHING: Final = "nothing"
"""Count the records only: what reading alone costs."""

BATCHES: Final = "batches"
"""Batches of ten thousand, with our decoder and zone index: what a user who tunes could reach."""

PLAIN: Final = "plain"
"""One record at a time: JSON to a dictionary, zones from shapely's tree, counts in a dictionary of the process."""

WINDOWS: Final = "windows"
"""One record at a time, zones from shapely's tree, counts in the windows and state that the documentation shows."""

LIVE: Final = "live"
"""One record at a time, as in WINDOWS where these tell running counts; each new count of a zone goes to a topic."""

COUNTS_TOPIC: Final = "duls.bench.counts.v1"
"""Where a peer in form LIVE tells its counts: the number of the zone is the key, in decimal digits."""

SLOT_S: Final = 300
LATENESS_S: Final = 300
"""How long windows wait for late positions: nothing of what is sent comes later."""


def told(cells: Cells) -> str:
    """Return counts as one line."""
    return json.dumps(sorted([*key, count] for key, count in cells.items()), separators=(",", ":"))


def end(cells: Cells) -> None:
    """Tell what was counted and end the process at once: a peer is spared an orderly end.

    Faust turns `sys.stdout` into a log, so this writes to the first one.
    """
    print(f"\n{told(cells)}", file=sys.__stdout__, flush=True)
    os._exit(0)


class Forms(NamedTuple):
    """What makes a peer count, by form: called with its application, the topic and how many to count."""

    one_by_one: Callable[[Any, str, int], None]
    in_windows: Callable[[Any, str, int], None]
    in_batches: Callable[[Any, str, int, str], None]
    live: Callable[[Any, str], None]


def arrange(forms: Forms, make_app: Callable[[str], Any], arguments: Sequence[str]) -> Any:
    """Return the application of a peer, made to count as its command line says: servers, topic, records, form."""
    servers, topic, records, form = arguments
    app = make_app(servers)
    if form == WINDOWS:
        forms.in_windows(app, topic, int(records))
    elif form == PLAIN:
        forms.one_by_one(app, topic, int(records))
    elif form == LIVE:
        forms.live(app, topic)
    else:
        forms.in_batches(app, topic, int(records), form)
    return app
