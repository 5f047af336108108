"""What publication withholds stays withheld: whatever a planner asks, in whatever way, no cell below k comes out."""

import os
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from duls.app.publishing import publish_due
from duls.config import load_settings
from sinks.connection import open_connection
from sinks.embedded_database import drop_database
from sinks.migrate import migrate
from tests.duls.api.conftest import PLANNER, Api, running_api
from tests.services.external import Database
from tests.sinks.final_days import DAY, TOWN, fill, set_clock, start_us

pytestmark = pytest.mark.services

ASKED: Final = 5_000 if os.environ.get("DULS_TEST_SOAK") == "1" else 60
FIRST: Final = date(1970, 1, 1) + timedelta(days=DAY)
PERIODS: Final = {
    "hour": {
        "since": f"{FIRST - timedelta(days=1)}T00:00:00Z",
        "until": f"{FIRST + timedelta(days=3)}T00:00:00Z",
    },
    "day": {"since": f"{FIRST - timedelta(days=1)}", "until": f"{FIRST + timedelta(days=3)}"},
}
FIGURES: Final = (
    "observations",
    "vehicles",
    "entries",
    "exits",
    "appearances",
    "disappearances",
    "dwell_s",
    "late",
)


@pytest.fixture(scope="module")
def town(timescale: Database) -> Iterator[Api]:
    """Serve a town with two published days, the second of a single carrier."""
    url = timescale.create_database(f"town_{uuid.uuid4().hex}")
    migrate(url)
    with open_connection(url, application_name="test") as connection:
        fill(connection)
        fill(connection, day=DAY + 1, carriers=1, seed=3)
        set_clock(connection, 0, start_us(DAY + 3))
        reports = publish_due(connection, load_settings({"DULS_DATABASE_URL": url}))
        assert reports is not None
        assert 2 == len(reports)
    with running_api(url) as api:
        yield api
    drop_database(url)


@settings(max_examples=ASKED, suppress_health_check=list(HealthCheck))
@given(
    grain=st.sampled_from(["hour", "day"]),
    zones=st.lists(st.sampled_from([zone.zone_id for zone in TOWN]), max_size=3, unique=True),
    classes=st.lists(st.sampled_from(["M1", "N1", "N2"]), max_size=2, unique=True),
    emission=st.sampled_from([None, "yes", "no"]),
    source=st.sampled_from([None, "fms", "anpr"]),
)
def test_no_cell_below_k_comes_out(  # what is asked for
    town: Api, grain: str, zones: list[str], classes: list[str], emission: str | None, source: str | None
) -> None:
    """Cells are ok with ten vehicles or more, or have no figure at all; sums are sums of cells that are ok."""
    asked = {"zone": zones, "vehicle_class": classes, "zero_emission": emission, "source": source}
    query: dict[str, Any] = {name: value for name, value in asked.items() if value}

    cells = town.rows(f"/v1/flows/{grain}", PLANNER, limit=500, **PERIODS[grain], **query)
    totals = town.rows(f"/v1/totals/{grain}", PLANNER, **PERIODS[grain], **query)

    for cell in cells:
        assert (cell["k_status"] == "ok") == (cell["vehicles"] is not None)
        assert cell["vehicles"] is None or cell["vehicles"] >= 10
        assert cell["k_status"] == "ok" or all(cell[figure] is None for figure in FIGURES)
    told = sum(cell["observations"] or 0 for cell in cells)
    assert told == sum(row["observations"] or 0 for row in totals)


def test_the_day_of_one_carrier_is_withheld_whole(town: Api) -> None:
    """And the day before is not."""
    cells = town.rows("/v1/flows/day", PLANNER, limit=500, **PERIODS["day"])

    ok = {cell["day"] for cell in cells if cell["k_status"] == "ok"}
    assert {str(FIRST)} == ok
    assert {str(FIRST), str(FIRST + timedelta(days=1))} == {cell["day"] for cell in cells}
