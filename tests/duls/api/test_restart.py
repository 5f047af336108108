"""The API outlives its database: it says that it is away, and reads again when it is back."""

from http import HTTPStatus

import pytest

from sinks.migrate import migrate
from tests.duls.api.conftest import OPERATOR, Api, running_api
from tests.faults.servers import new_server
from tests.faults.waiting import wait_until

pytestmark = pytest.mark.services

AWAY = "urn:duls:problem:database-away"


def status(api: Api) -> int:
    """Return the status of an answer that needs the database."""
    return api.ask("/v1/feeds", OPERATOR).status_code


@pytest.mark.usefixtures("timescale")
def test_a_database_restart_heals_by_itself() -> None:
    """Meanwhile every answer is a problem that says so, with the time to come again."""
    with new_server() as server:
        url = server.create_database("figures")
        migrate(url)
        with running_api(url) as api:
            assert HTTPStatus.OK == status(api)
            server.stop()
            away = api.ask("/v1/feeds", OPERATOR)
            assert (HTTPStatus.SERVICE_UNAVAILABLE, AWAY) == (away.status_code, away.json()["type"])
            assert int(away.headers["retry-after"]) > 0
            assert 200 == api.client.get("/healthz").status_code

            server.start()

            wait_until(lambda: status(api) == HTTPStatus.OK, "figures after the restart", deadline_s=60.0)
