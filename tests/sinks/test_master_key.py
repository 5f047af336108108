"""Tests of the master key file: made once, for its owner only, refused otherwise."""

import base64
from pathlib import Path

import pytest

from duls.errors import ConfigError
from sinks.master_key import make_master_key, read_master_key

KEY = bytes(range(32))


def test_a_missing_file_is_made_for_its_owner_only(tmp_path: Path) -> None:
    """It holds what the random source gave, and is not made again."""
    path = tmp_path / "master.key"

    assert make_master_key(path, lambda length: KEY[:length])
    assert not make_master_key(path, bytes)
    assert KEY == read_master_key(path)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """The message says what to do."""
    path = tmp_path / "master.key"
    make_master_key(path, lambda length: KEY[:length])
    path.chmod(mode)

    with pytest.raises(ConfigError, match="chmod 600"):
        read_master_key(path)


@pytest.mark.parametrize("content", [b"", b"short", base64.b64encode(bytes(31)), b"\xff" * 44])
def test_a_file_with_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """Its content is not in the message."""
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)

    with pytest.raises(ConfigError) as refused:
        read_master_key(path)
    assert content.decode("latin1") not in str(refused.value) or not content


def test_a_missing_file_or_folder_is_a_wrong_setting(tmp_path: Path) -> None:
    """Both reading and making say so."""
    path = tmp_path / "none" / "master.key"

    with pytest.raises(ConfigError, match="cannot be read"):
        read_master_key(path)
    with pytest.raises(ConfigError, match="cannot be made"):
        make_master_key(path, bytes)
