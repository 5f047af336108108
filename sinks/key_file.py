"""Key files: 32 random bytes in base64 a line, readable by their owner only, and in no database."""

import base64
import binascii
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from duls.errors import ConfigError

KEY_BYTES: Final = 32
OWNER_ONLY: Final = 0o600
FOLDER_MODE: Final = 0o700


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
        with self._refusals("read"):
            mode, content = self.path.stat().st_mode, self.path.read_bytes()
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            message = f"the {self.name} file {self.path} is open to others than its owner: chmod 600 it"
            raise ConfigError(message)
        return [self._decoded(line) for line in content.splitlines() or [b""]]

    def is_there(self) -> bool:
        """Tell whether there is a file.

        Raises:
            ConfigError: a folder on the way to it is closed to us.
        """
        with self._refusals("read"):
            return self.path.exists()

    def make(self, random_bytes: Callable[[int], bytes]) -> bool:
        """Make the file with one key, and its folder, unless it is there; return whether it was made.

        Args:
            random_bytes: a cryptographic source, such as `secrets.token_bytes`.

        Raises:
            ConfigError: it cannot be made.
        """
        with self._refusals("made"):
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        try:
            with self._refusals("made", but=FileExistsError):
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(random_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return True

    @contextmanager
    def _refusals(self, what: str, *, but: type[OSError] | tuple[()] = ()) -> Iterator[None]:
        """Turn errors of the system, *but* some, into a ConfigError: the file cannot be read or made, and why."""
        try:
            yield
        except but:
            raise
        except FileNotFoundError as error:
            reason = f"it is missing, and `{self.maker}` makes it" if what == "read" else error.strerror
            message = f"the {self.name} file {self.path} cannot be {what}: {reason}"
            raise ConfigError(message) from error
        except OSError as error:
            message = f"the {self.name} file {self.path} cannot be {what}: {error.strerror}"
            raise ConfigError(message) from error

    def _decoded(self, line: bytes) -> bytes:
        """Return the key of a line, which never appears in the error."""
        try:
            key = base64.b64decode(line.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            message = f"the {self.name} file {self.path} does not hold {KEY_BYTES} bytes in base64"
            raise ConfigError(message)
        return key
