"""Key files: 32 random bytes in base64 a line, readable by their owner only, and in no database."""

import base64
import binascii
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from duls.errors import ConfigError

KEY_BYTES: Final = 32
OWNER_ONLY: Final = 0o600


class KeyFile(NamedTuple):
    """A key file, with the words that messages use."""

    path: Path
    name: str  # such as `master key`
    maker: str  # the command that makes it when it is missing

    def read(self) -> list[bytes]:
        """Return the keys, one a line.

        Raises:
            ConfigError: the file is missing, readable by others than its owner, or not lines of 32 bytes in base64.
        """
        try:
            mode = self.path.stat().st_mode
            text = self.path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            message = (
                f"the {self.name} file {self.path} cannot be read: `{self.maker}` makes it when it is missing"
            )
            raise ConfigError(message) from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"the {self.name} file {self.path} is open to others than its owner: chmod 600 it"
            raise ConfigError(message)
        return [self._decoded(line) for line in text.splitlines() or [""]]

    def make(self, random_bytes: Callable[[int], bytes]) -> bool:
        """Make the file with one key, unless it is there; return whether it was made.

        Args:
            random_bytes: a cryptographic source, such as `secrets.token_bytes`.
        """
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except FileExistsError:
            return False
        except OSError as error:
            message = f"the {self.name} file {self.path} cannot be made: {error.strerror}"
            raise ConfigError(message) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(random_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return True

    def _decoded(self, line: str) -> bytes:
        """Return the key of a line, which never appears in the error."""
        try:
            key = base64.b64decode(line.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            message = f"the {self.name} file {self.path} does not hold {KEY_BYTES} bytes in base64"
            raise ConfigError(message)
        return key
