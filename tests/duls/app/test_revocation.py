"""Tokens that are revoked: told by a command, heard by the API while it runs, never forgotten by a loss."""

import json
import threading
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from duls.app import revocation
from duls.app.revocation import RevokedTokens, list_revoked, revoke
from duls.app.tokens import issue_token
from duls.cli.program import run
from duls.config import Settings, load_settings
from duls.errors import ConfigError
from sinks.connection import Connection, open_connection
from tests.duls.app.test_api_role import ask, running
from tests.faults.waiting import wait_until

NOWHERE = "postgresql://127.0.0.1:1/none?connect_timeout=1"


def test_a_running_api_takes_a_token_until_it_is_revoked(installed: Settings, tmp_path: Path) -> None:
    """Without a restart, within seconds; another token of the same holder goes on."""
    key = tmp_path / "token.key"
    at_home = load_settings({"DULS_HTTP_TOKEN_KEY_FILE": str(key)}, tmp_path)
    first, second = (
        issue_token(at_home, "kade", scopes=["operator"], municipalities=[], days=1) for _ in range(2)
    )

    with running(installed.database_url, tmp_path, DULS_HTTP_TOKEN_KEY_FILE=str(key)) as (_, port):
        assert 200 == ask(port, "/v1/now", first.token)[0]
        revoked = revoke(installed, first.token_id, by="steward", note="laptop stolen")
        wait_until(lambda: ask(port, "/v1/now", first.token)[0] == 401, "it is refused", deadline_s=30.0)
        status, problem = ask(port, "/v1/now", first.token)
        assert (401, "the token was revoked") == (status, problem["detail"])
        assert 200 == ask(port, "/v1/now", second.token)[0]

    assert revoked.last_read is not None
    assert "kade" == revoked.last_read.subject
    assert [revoked.token] == list_revoked(installed)


def test_commands_tell_of_it(
    installed: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The id is told with the token; one with which nothing was read is doubted, not refused."""
    monkeypatch.setenv("DULS_DATABASE_URL", installed.database_url)
    monkeypatch.setenv("DULS_HTTP_TOKEN_KEY_FILE", str(tmp_path / "token.key"))

    assert 0 == run(["token", "issue", "kade", "--scope", "operator"])
    told = capsys.readouterr().err
    token_id = told.partition("`duls token revoke ")[2].partition("`")[0]
    assert 0 == run(["token", "revoke", token_id, "--by", "steward", "--note", "laptop stolen"])
    assert "nothing was read with it within 30 days" in capsys.readouterr().out
    assert 0 == run(["token", "list-revoked"])
    listed = capsys.readouterr().out
    assert 0 == run(["token", "list-revoked", "--json"])

    assert all(word in listed for word in (token_id, "steward", "laptop stolen"))
    assert [str(uuid.UUID(token_id))] == [row["token_id"] for row in json.loads(capsys.readouterr().out)]
    assert 2 == run(["token", "revoke", token_id[1:]])


@pytest.mark.parametrize(
    "text", ["", "control room", "eyJhbGciOiJIUzI1NiJ9.e30.c2VjcmV0", "5f1c0b3e7d0e4c559f0c0f1b8c1a2d3"]
)
def test_what_is_no_id_is_refused(tmp_path: Path, text: str) -> None:
    """It is not quoted, for it may be the token itself; the database is not asked."""
    settings = load_settings({"DULS_DATABASE_URL": NOWHERE}, tmp_path)

    with pytest.raises(ConfigError, match="must be a UUID, as `duls token issue`") as refused:
        revoke(settings, text, by="steward", note=None)

    assert not text or text not in str(refused.value)


def test_nothing_is_known_before_the_first_reading() -> None:
    """A process that starts while the database is away does not let everybody in."""
    with closing(RevokedTokens(NOWHERE)) as revoked:
        revoked.look()

        assert revoked() is None


def test_what_was_read_counts_while_the_database_is_away(installed: Settings) -> None:
    """And what is revoked meanwhile is heard of afterwards."""
    first, second = uuid.uuid4(), uuid.uuid4()
    with (
        closing(RevokedTokens(installed.database_url)) as revoked,
        open_connection(installed.database_url, application_name="test") as connection,
    ):
        revoke(installed, first.hex, by="steward", note=None)
        revoked.look()
        connection.execute("ALTER TABLE core.revoked_token RENAME TO gone")
        revoked.look()
        assert {first.hex} == revoked()
        connection.execute("ALTER TABLE core.gone RENAME TO revoked_token")
        revoke(installed, second.hex, by="steward", note=None)
        revoked.look()

        assert {first.hex, second.hex} == revoked()


def test_a_thread_looks_again_until_it_is_asked_to_end(
    installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect in one look does not end it."""
    monkeypatch.setattr(revocation, "LOOK_S", 0.05)
    before, looks, read = threading.active_count(), [], revocation.revoked_ids

    def read_badly(connection: Connection) -> frozenset[str]:
        looks.append(1)
        return read(connection) if len(looks) != 2 else frozenset({1: "one"}[2])

    monkeypatch.setattr(revocation, "revoked_ids", read_badly)
    token = uuid.uuid4()
    with RevokedTokens(installed.database_url) as revoked:
        assert frozenset() == revoked()
        revoke(installed, str(token), by="steward", note=None)
        wait_until(lambda: revoked() == {token.hex}, "it is heard of", deadline_s=30.0)

    assert len(looks) >= 3
    assert before == threading.active_count()
