"""Revoked tokens in the database: each once, never taken back, and read by the API, which revokes none."""

import uuid
from datetime import timedelta

import psycopg
import pytest

from sinks.connection import Connection
from sinks.revoked_tokens import last_read, revoke_token, revoked_ids, revoked_tokens

pytestmark = pytest.mark.services


def test_a_token_is_revoked_once(connection: Connection) -> None:
    """With who did it and why; again changes nothing."""
    first, second = uuid.uuid4(), uuid.uuid4()
    stored = revoke_token(connection, first, by="steward", note="laptop stolen")
    again = revoke_token(connection, first, by="another", note=None)
    newer = revoke_token(connection, second, by="another", note=None)

    assert stored == again
    assert (first, "steward", "laptop stolen") == (stored.token_id, stored.revoked_by, stored.note)
    assert [newer, stored] == revoked_tokens(connection)
    assert {first.hex, second.hex} == revoked_ids(connection)


def test_the_last_read_with_a_token_is_told(connection: Connection) -> None:
    """Of thirty days: whoever revokes a wrong id sees another name, or none."""
    token = uuid.uuid4()
    connection.execute(
        "INSERT INTO core.access_log (at, subject, token_id, route, parameters, rows)"
        " SELECT now() - make_interval(days => days), 'kade ' || days, %s, '/v1/now', '{}', 1"
        " FROM unnest(ARRAY[31, 3, 7]) AS days",
        (token.hex,),
    )

    read = last_read(connection, token)

    assert read is not None
    assert "kade 3" == read.subject
    database_time = connection.execute("SELECT now()").fetchall()[0][0]
    assert timedelta(days=3) <= database_time - read.at < timedelta(days=4)
    assert last_read(connection, uuid.uuid4()) is None


def test_the_api_reads_ids_and_nothing_else(connection: Connection) -> None:
    """It cannot keep others out, nor see who revoked a token, nor let one in again."""
    token = uuid.uuid4()
    revoke_token(connection, token, by="steward", note=None)
    connection.execute("SET ROLE duls_api")

    assert {token.hex} == revoked_ids(connection)
    for forbidden in (revoked_tokens, lambda c: revoke_token(c, token, by="x", note=None)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            forbidden(connection)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DELETE FROM core.revoked_token")
