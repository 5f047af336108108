"""Paths as people write them."""

from pathlib import Path

from duls.errors import ConfigError


def at_home(path: Path, setting: str) -> Path:
    """Return a path with the home folder in the place of a `~`.

    Args:
        path: as it was given.
        setting: how the message names it.

    Raises:
        ConfigError: there is no such home folder.
    """
    try:
        return path.expanduser()
    except RuntimeError as error:
        message = f"{setting} {path} has no home folder that this machine knows: name the path from / on"
        raise ConfigError(message) from error
