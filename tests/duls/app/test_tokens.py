"""`duls token issue`: tokens that the API takes, under a key that is made once."""

import base64
import time
from pathlib import Path
from typing import Any

import pytest

from duls.api.tokens import Scope, caller_of
from duls.app.tokens import LOOK_S, TokenKeys, issue_token, token_key_file
from duls.config import Settings, load_settings
from duls.errors import ConfigError


def settings_in(folder: Path) -> Settings:
    """Return settings whose key file is in a folder."""
    return load_settings({"DULS_HTTP_TOKEN_KEY_FILE": str(folder / "keys" / "token.key")}, folder)


def test_a_token_is_one_that_the_api_takes(tmp_path: Path) -> None:
    """The key file is made with the first, for its owner only."""
    settings = settings_in(tmp_path)

    first = issue_token(settings, " kade ", scopes=["operator"], municipalities=["GM0363"], days=1)
    second = issue_token(settings, "plein", scopes=["planner"], municipalities=[], days=366)

    keys = token_key_file(settings).read()
    assert (True, False) == (first.key_made, second.key_made)
    assert 0o600 == settings.token_key_file.stat().st_mode & 0o777
    caller = caller_of(first.token, keys, now_s=time.time())
    assert ("kade", first.token_id, {Scope.OPERATOR}, ("GM0363",)) == caller[:4]
    assert caller_of(second.token, keys, now_s=time.time()).municipalities is None
    assert ["*"] == second.municipalities


@pytest.mark.parametrize(
    ("argument", "value", "sentence"),
    [
        ("subject", " ", "the subject must be a name"),
        ("subject", "a\nb", "the subject must be a name"),
        (
            "scopes",
            ["admin"],
            "a scope must be one of act, grants, operator, .*, send-positions, got 'admin'",
        ),
        ("scopes", [], "a token needs a scope"),
        ("municipalities", ["Amsterdam"], "a municipality must be a CBS code such as GM0363"),
        ("days", 0, "1 to 366 days"),
        ("days", 367, "1 to 366 days"),
    ],
)
def test_a_wrong_argument_is_refused(tmp_path: Path, argument: str, value: Any, sentence: str) -> None:
    """With what is allowed, and before a key is made."""
    settings = settings_in(tmp_path)
    arguments = {"subject": "kade", "scopes": ["operator"], "municipalities": [], "days": 1, argument: value}
    subject = arguments.pop("subject")

    with pytest.raises(ConfigError, match=sentence):
        issue_token(settings, subject, **arguments)
    assert not settings.token_key_file.exists()


def test_keys_change_while_the_api_runs(tmp_path: Path) -> None:
    """A line that is taken away ends its tokens, and one that is made is taken, without a restart."""
    settings = settings_in(tmp_path)
    now_s = 0.0
    file = token_key_file(settings)
    keys = TokenKeys(file, clock=lambda: now_s)
    assert () == keys()
    issued = issue_token(settings, "kade", scopes=["operator"], municipalities=[], days=1)
    now_s = LOOK_S

    assert "kade" == caller_of(issued.token, keys(), now_s=time.time()).subject
    file.path.write_bytes(base64.b64encode(bytes(32)) + b"\n")
    assert tuple(file.read()) != keys()  # not looked at again so soon
    now_s = 2 * LOOK_S
    assert (bytes(32),) == keys()


@pytest.mark.parametrize("harm", ["removed", "open", "cut"])
def test_a_key_file_that_is_harmed_lets_nobody_in(tmp_path: Path, harm: str) -> None:
    """It comes back as it was, and so do its tokens."""
    settings = settings_in(tmp_path)
    issue_token(settings, "kade", scopes=["operator"], municipalities=[], days=1)
    file, now_s = token_key_file(settings), 0.0
    keys = TokenKeys(file, clock=lambda: now_s)
    good, content = keys(), file.path.read_bytes()

    if harm == "removed":
        file.path.unlink()
    elif harm == "open":
        file.path.chmod(0o644)
    else:
        file.path.write_bytes(content[:9])
    now_s = LOOK_S
    assert () == keys()
    file.path.write_bytes(content)
    file.path.chmod(0o600)
    now_s = 2 * LOOK_S
    assert good == keys() != ()
