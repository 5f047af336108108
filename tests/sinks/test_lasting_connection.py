"""A connection that lasts: what is lost on the way is done again on another one."""

import pytest

from sinks.connection import Connection
from sinks.lasting_connection import LastingConnection
from sinks.patience import Patience

pytestmark = pytest.mark.services


def test_a_server_that_may_not_write_yet_is_waited_for(database_url: str) -> None:
    """After a failover the first answer may come from one that still follows another."""
    told: list[bool] = []
    tries = 0

    def store(connection: Connection) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            connection.execute("SET default_transaction_read_only = on")
        connection.execute("CREATE TABLE stored (number integer)")
        return tries

    lasting = LastingConnection(
        database_url, application_name="test", patience=Patience(30.0), tell=told.append
    )
    try:
        assert 2 == lasting.run("store", store)
    finally:
        lasting.close()

    assert [False, True] == told
