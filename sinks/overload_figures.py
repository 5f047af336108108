"""Figures that the alert role and the replay of rules read besides the counts; times in microseconds.

Positions and detections of one zone are seen of the same street, so of two counts of entries the larger one
holds; they are never added.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from processors.overload.observation import SlotEntries
from sinks.connection import Connection
from sinks.queries import query

Entries = Mapping[str, Mapping[str, int]]
"""Entries by zone and class."""


class HistoryRow(NamedTuple):
    """Dwell and entries of one class in one zone in one bucket, by one source."""

    zone_id: str
    start_us: int
    vehicle_class: int
    source: int
    dwell_us: int
    entries: int


def slot_entries(connection: Connection, running_us: int, slot_s: int) -> dict[str, SlotEntries]:
    """Return the entries of the last whole slot and of the running one, by zone.

    Which of the two counts is for each rule to say: its classes may have come in another slot than the rest.
    """
    last_us = running_us - slot_s * 1_000_000
    values = {"running_us": running_us, "last_us": last_us, "slot_s": slot_s}
    rows = connection.execute(query("overload_rules", "slot_entries"), values).fetchall()
    slots: dict[int, dict[str, dict[str, int]]] = {last_us: {}, running_us: {}}
    for zone_id, start_us, name, _, entries in rows:
        _keep_larger(slots[start_us], zone_id, name, entries)
    last, running = slots[last_us], slots[running_us]
    return {
        zone_id: SlotEntries(last.get(zone_id, {}), running.get(zone_id, {}))
        for zone_id in last.keys() | running.keys()
    }


def hour_entries(connection: Connection, hour_us: int) -> Entries:
    """Return the entries of one hour."""
    found: dict[str, dict[str, int]] = {}
    for zone_id, name, _, entries in connection.execute(
        query("overload_rules", "hour_entries"), {"hour_us": hour_us}
    ).fetchall():
        _keep_larger(found, zone_id, name, entries)
    return found


def _keep_larger(zones: dict[str, dict[str, int]], zone_id: str, name: str, entries: int) -> None:
    """Keep the larger of the counts of two sources."""
    classes = zones.setdefault(zone_id, {})
    classes[name] = max(classes.get(name, 0), entries)


def slots_since(connection: Connection) -> int | None:
    """Return from when on slot cells are whole, None where none were removed yet."""
    row = connection.execute(query("overload_rules", "slots_since")).fetchone()
    return None if row is None else int(row[0])


def slot_lengths(connection: Connection, from_us: int, to_us: int) -> list[int]:
    """Return the lengths of the slots of a period, in seconds."""
    values = {"from_us": from_us, "to_us": to_us}
    return [row[0] for row in connection.execute(query("overload_rules", "slot_lengths"), values).fetchall()]


def slot_history(connection: Connection, from_us: int, to_us: int, slot_s: int) -> list[HistoryRow]:
    """Return the slot cells of a period."""
    values = {"from_us": from_us, "to_us": to_us, "slot_s": slot_s}
    return _history(connection.execute(query("overload_rules", "slot_history"), values))


def hour_history(connection: Connection, from_us: int, to_us: int) -> list[HistoryRow]:
    """Return the hour cells of a period."""
    values = {"from_us": from_us, "to_us": to_us}
    return _history(connection.execute(query("overload_rules", "hour_history"), values))


def _history(rows: Iterable[tuple[object, ...]]) -> list[HistoryRow]:
    """Return rows of the database as ours."""
    return [HistoryRow(*row) for row in rows]  # type: ignore[arg-type]  # the columns of the query


def heard_minutes(connection: Connection, from_us: int, to_us: int) -> list[int]:
    """Return the minutes of a period in which a feed was heard, ascending."""
    values = {"from_us": from_us, "to_us": to_us}
    return [row[0] for row in connection.execute(query("overload_rules", "heard_minutes"), values).fetchall()]
