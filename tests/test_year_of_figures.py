"""The simulated year is what its readers take it for."""

import pytest

from sinks.connection import open_connection

pytestmark = pytest.mark.services

PRESENT = {
    "a year of days": "SELECT count(*) = 365 * 300 * 8 FROM history.zone_flow_day",
    "a year of hours of some zones": (
        "SELECT count(DISTINCT hour_start) BETWEEN 8759 AND 8761 FROM history.zone_flow_hour"
        " WHERE zone_id = 'zone-003'"
    ),
    "a month of hours of all": "SELECT count(*) >= 28 * 24 * 8 FROM history.zone_flow_hour WHERE zone_id = 'zone-300'",
    "suppressed cells are null": (
        "SELECT bool_and((k_status = 'ok') = (vehicles IS NOT NULL)) AND bool_or(k_status = 'below_k')"
        " AND min(vehicles) >= 10 AND min(k) = 10 FROM history.zone_flow_hour WHERE zone_id = 'zone-003'"
    ),
    "a day of slots": "SELECT count(*) = (24 * 12 + 1) * 8 FROM live.zone_flow WHERE zone_id = 'zone-300'",
    "something now": "SELECT bool_and(present + silent > 0) FROM live.zone_now",
    "alerts that fire and that ended": "SELECT count(DISTINCT state) = 2 FROM live.alert",
    "a feed without lag": "SELECT lag_s < 3600 FROM live.feed WHERE feed = 'fms'",
}


@pytest.mark.parametrize("what", PRESENT)
def test_the_year_has(year_url: str, what: str) -> None:
    """Everything that boards and the API are tested with."""
    with open_connection(year_url, application_name="test") as connection:
        assert [(True,)] == connection.execute(PRESENT[what].encode()).fetchall()
