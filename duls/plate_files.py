"""Registers of plates as files: written whole, read by mapping them into memory, replaced without a restart.

They hold plates in clear, so only their owner may read them; they say nothing of where a vehicle was.
"""

import os
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from duls.errors import ConfigError
from processors.columns import Int64Array, UInt64Array
from processors.register_tables import RegisterTables, no_registers, permits_of

VEHICLES: Final = "vehicles.npy"
HOLDERS: Final = "holders.npy"
PERMITS: Final = "permits.npy"
NAMES: Final = (VEHICLES, HOLDERS, PERMITS)

Stamp = tuple[tuple[int, int, int] | None, ...]
"""What tells one content of the folder from another: inode, size and time of each file."""


def write_register(folder: Path, name: str, content: UInt64Array | Int64Array) -> None:
    """Write a register into the folder, in the place of the one before it.

    Raises:
        ConfigError: the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # readable by its owner only
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                np.save(file, content, allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(folder / name)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"the folder of registers {folder} cannot be written: {error.strerror}"
        raise ConfigError(message) from error


def stamp_of(folder: Path) -> Stamp:
    """Return what tells whether a register was replaced."""
    return tuple(_stamp_of(folder / name) for name in NAMES)


def read_registers(folder: Path) -> RegisterTables:
    """Return the registers of the folder, empty ones where there is no file.

    Raises:
        ConfigError: a file is no register.
    """
    none = no_registers()
    permits = _mapped(folder / PERMITS, np.int64, 2)
    return RegisterTables(
        _table(folder / VEHICLES, none.vehicles),
        _table(folder / HOLDERS, none.holders),
        # copied: they are few, and kernels read columns of their own
        none.permits if permits is None else permits_of(*(column.copy() for column in permits)),
    )


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _table(path: Path, empty: UInt64Array) -> UInt64Array:
    """Return a plate table, mapped, or an empty one."""
    table = _mapped(path, np.uint64, 1)
    if table is None:
        return empty
    if table.size & (table.size - 1) or not table.size:
        message = f"{path} is no register of plates: load it again"
        raise ConfigError(message)
    return table


def _mapped(path: Path, kind: type[np.generic], dimensions: int) -> NDArray[Any] | None:
    """Return the array of a file, mapped so that pages come when they are needed; None where there is no file."""
    try:
        # copy on write: kernels are compiled for arrays that may be written, and none writes
        mapped = np.asarray(npy.open_memmap(path, mode="c"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        message = f"{path} is no register of plates: load it again"
        raise ConfigError(message) from error
    if mapped.dtype != kind or mapped.ndim != dimensions:
        message = f"{path} is no register of plates: load it again"
        raise ConfigError(message)
    return mapped
