"""The terminal board: what it reads counts each vehicle once."""

import pytest

from processors.zone_feature import ZoneFeature
from sinks.board import FlowLine, ZoneLine, read_board
from sinks.claims import claim
from sinks.connection import Connection
from sinks.flush import flush, prepare_session
from sinks.flush_parts import Flush, NowClock
from sinks.registry import store_zones
from tests.sinks.flush_values import SLOT_S, START_US, TOPIC, advance, cells, now_columns

pytestmark = pytest.mark.services

SQUARE = ((((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 0.0)),),)
ZONES = [
    ZoneFeature("stad", "Stad", "municipality", None, None, 1.0, SQUARE),
    ZoneFeature("kade", "Kade", "neighbourhood", None, 10, 1.0, SQUARE),
    ZoneFeature("laden", "Laden", "loading_zone", None, 4, 1.0, SQUARE),
]


def test_a_vehicle_in_zones_that_overlap_is_counted_once(connection: Connection) -> None:
    """Zones are shown with what is in each; the city and its flows are those of neighbourhoods."""
    prepare_session(connection)
    store_zones(connection, ZONES, lambda _: [])
    rows = connection.execute("SELECT zone_no, zone_id FROM core.zone ORDER BY zone_no").fetchall()
    assert [(1, "stad"), (2, "kade"), (3, "laden")] == rows
    parts = Flush(
        [advance(claim(connection, TOPIC, [0], {0: 0}), 0, 0, 1)],
        SLOT_S,
        cells([1, 2, 3], START_US, 7),
        now=now_columns([6, 5, 3], [1, 1, 0]),
        now_clocks=[NowClock(0, START_US)],
    )

    flush(connection, parts, 1)
    view = read_board(connection, zones=2)

    assert 5 == view.present
    assert [FlowLine(START_US, "N1", 7, 7, 7, 7)] == view.flows
    assert [
        ZoneLine("Laden", "loading_zone", 3, 0, 4, 0.75),
        ZoneLine("Kade", "neighbourhood", 5, 1, 10, 0.5),
    ] == view.zones
    assert ["fms", "anpr"] == [feed.feed for feed in view.feeds]


def test_an_empty_database_has_an_empty_board(connection: Connection) -> None:
    """As in the first seconds of the demo."""
    view = read_board(connection, zones=2)

    assert (0, [], []) == (view.present, view.flows, view.zones)
