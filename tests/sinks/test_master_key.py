"""Tests of the master key file: made once, for its owner only, refused otherwise."""

import base64
import errno
from pathlib import Path

import pytest

from duls.errors import ConfigError
from sinks.master_key import has_master_key, make_master_key, read_master_key

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


def test_a_missing_file_is_a_wrong_setting_and_its_folder_is_made(tmp_path: Path) -> None:
    """The message names the command that makes the file."""
    path = tmp_path / "none" / "master.key"

    assert not has_master_key(path)
    with pytest.raises(ConfigError, match="it is missing, and `duls migrate` makes it"):
        read_master_key(path)
    assert make_master_key(path, lambda length: KEY[:length])
    assert has_master_key(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_path_that_cannot_be_is_a_wrong_setting(tmp_path: Path) -> None:
    """With the reason that the system gives."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "master.key"

    with pytest.raises(ConfigError, match="cannot be read: Not a directory"):
        read_master_key(path)
    with pytest.raises(ConfigError, match=r"cannot be made: (Not a directory|File exists)"):
        make_master_key(path, bytes)
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_master_key(tmp_path)


def test_a_folder_that_is_closed_to_us_is_a_wrong_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the file is there cannot be told, so none is made."""

    def refuse(_path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", refuse)

    with pytest.raises(ConfigError, match="cannot be read: Permission denied"):
        has_master_key(Path("/closed/master.key"))
