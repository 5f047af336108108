"""The master key: a file with 32 random bytes in base64, which wraps the day keys and is in no database."""

import base64
import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final

from duls.errors import ConfigError

MASTER_KEY_BYTES: Final = 32
OWNER_ONLY: Final = 0o600


def read_master_key(path: Path) -> bytes:
    """Return the master key.

    Raises:
        ConfigError: the file is missing, readable by others than its owner, or not 32 bytes in base64.
    """
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        message = f"the master key file {path} cannot be read: `duls migrate` makes it when it is missing"
        raise ConfigError(message) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"the master key file {path} is open to others than its owner: chmod 600 it"
        raise ConfigError(message)
    return _decoded(text, path)


def make_master_key(path: Path, random_bytes: Callable[[int], bytes]) -> bool:
    """Make the master key file, readable by its owner only, unless it is there; return whether it was made.

    Args:
        path: where; its folder must exist.
        random_bytes: a cryptographic source, such as `secrets.token_bytes`.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        return False
    except OSError as error:
        message = f"the master key file {path} cannot be made: {error.strerror}"
        raise ConfigError(message) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(random_bytes(MASTER_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def _decoded(text: str, path: Path) -> bytes:
    """Return the key of the file's text, which never appears in the error."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        message = f"the master key file {path} does not hold {MASTER_KEY_BYTES} bytes in base64"
        raise ConfigError(message)
    return key
