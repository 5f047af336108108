"""What the terminal board shows, read from the operators' views."""

from typing import NamedTuple

from sinks.connection import Connection
from sinks.queries import query


class ZoneLine(NamedTuple):
    """A zone with the vehicles in it now."""

    name: str
    kind: str
    present: int
    silent: int
    capacity: int | None
    load: float | None  # present / capacity


class FlowLine(NamedTuple):
    """Flows of one vehicle class in the newest slot, over all neighbourhoods."""

    slot_start_us: int
    vehicle_class: str
    observations: int
    entries: int
    exits: int
    through: int


class FeedLine(NamedTuple):
    """Age and rate of a feed."""

    feed: str
    age_s: float | None
    rate_per_s: float
    accepted_1h: int
    rejected_1h: int


class BoardView(NamedTuple):
    """One reading of the board."""

    zones: list[ZoneLine]
    present: int  # vehicles, each once
    flows: list[FlowLine]
    feeds: list[FeedLine]


def read_board(connection: Connection, *, zones: int) -> BoardView:
    """Return the fullest zones, the vehicles in the city, the newest slot and the feeds."""
    fullest = connection.execute(query("board", "fullest_zones"), {"limit": zones}).fetchall()
    present = connection.execute(query("board", "vehicles_in_city")).fetchall()[0][0]
    flows = connection.execute(query("board", "running_slot")).fetchall()
    feeds = connection.execute(query("board", "feeds")).fetchall()
    return BoardView(
        [ZoneLine(*row) for row in fullest],
        int(present),
        [FlowLine(*row) for row in flows],
        [FeedLine(*row) for row in feeds],
    )
