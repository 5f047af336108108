"""The master key: a file with 32 random bytes in base64, which wraps the day keys and is in no database."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from duls.errors import ConfigError
from sinks.key_file import KEY_BYTES, KeyFile

MASTER_KEY_BYTES: Final = KEY_BYTES


def read_master_key(path: Path) -> bytes:
    """Return the master key.

    Raises:
        ConfigError: the file is missing, readable by others than its owner, or not 32 bytes in base64.
    """
    keys = _file(path).read()
    if len(keys) != 1:
        message = (
            f"the master key file {path} does not hold {KEY_BYTES} bytes in base64: it has several lines"
        )
        raise ConfigError(message)
    return keys[0]


def make_master_key(path: Path, random_bytes: Callable[[int], bytes]) -> bool:
    """Make the master key file, readable by its owner only, unless it is there; return whether it was made.

    Args:
        path: where; its folder is made where it is missing.
        random_bytes: a cryptographic source, such as `secrets.token_bytes`.

    Raises:
        ConfigError: it cannot be made.
    """
    return _file(path).make(random_bytes)


def has_master_key(path: Path) -> bool:
    """Tell whether there is a master key file.

    Raises:
        ConfigError: a folder on the way to it is closed to us.
    """
    return _file(path).is_there()


def _file(path: Path) -> KeyFile:
    """Return the file with its words."""
    return KeyFile(path, "master key", "duls migrate")
