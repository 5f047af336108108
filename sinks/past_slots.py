"""Slots of the past hours: how many vehicles there were on average, for the time slider of the live page."""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from sinks.connection import Connection
from sinks.queries import query

DIGITS: Final = 2  # of a mean; more would pretend


class ZoneSlot(msgspec.Struct, frozen=True):
    """Figures of a zone in a slot, from positions."""

    present: float  # mean number over the slot
    entries: int
    exits: int


class Where(NamedTuple):
    """A zone, or all zones of a kind together: one of them is given."""

    zone: str | None
    kind: str | None
    municipalities: list[str] | None  # zones of others count as none; None: everywhere


def slot_length(connection: Connection) -> timedelta | None:
    """Return the length of the newest slot, None before there is one."""
    row = connection.execute(query("past_slots", "slot_length")).fetchone()
    return timedelta(seconds=row[0]) if row else None


def read_slot(connection: Connection, start: datetime, length: timedelta) -> dict[str, ZoneSlot]:
    """Return the figures of every zone that has any in the slot."""
    values = {"start": start, "slot_s": round(length.total_seconds())}
    rows = connection.execute(query("past_slots", "slot"), values).fetchall()
    return {zone: ZoneSlot(round(present, DIGITS), entries, exits) for zone, present, entries, exits in rows}


def read_series(
    connection: Connection, where: Where, span: tuple[datetime, datetime], length: timedelta
) -> list[tuple[datetime, float]]:
    """Return the mean number present in each slot of the span that any zone has a figure for.

    Args:
        connection: may read `live`.
        where: what is summed.
        span: start of the first slot, and end of the last one.
        length: of a slot.
    """
    values = {**where._asdict(), "from": span[0], "to": span[1], "slot_s": round(length.total_seconds())}
    return [
        (start, round(present, DIGITS))
        for start, present in connection.execute(query("past_slots", "series"), values).fetchall()
    ]
