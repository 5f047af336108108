"""Compiled kernels are kept beside their sources; those of other sources than today's must not be used.

Numba compiles a kernel again when its own file changes. What was inlined into it from other files may have changed
too, and then the old machine code would give figures of an older version, in silence. So one digest stands for all
sources together, and when it changes every kernel that is kept is forgotten.

Where `NUMBA_CACHE_DIR` names another place, as in an image, that place must belong to one version only.
"""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import processors
import streams

KERNEL_FOLDERS: Final = tuple(Path(package.__path__[0]) for package in (processors, streams))
MARK: Final = "kernels.sha256"


def forget_outdated_kernels(folders: Iterable[Path] = KERNEL_FOLDERS) -> int:
    """Remove the kernels that were compiled from other sources than the present; return how many files.

    Safe with several processes at once: the worst is that a kernel is compiled twice. Where nothing may be written,
    nothing was compiled later than it was installed.
    """
    folders = tuple(folders)
    if os.environ.get("NUMBA_CACHE_DIR"):
        return 0
    digest = _digest_of(folders)
    mark = folders[0] / "__pycache__" / MARK
    if _read(mark) == digest:
        return 0
    removed = 0
    with suppress(OSError):  # not ours to write, or a file system that is read only
        for folder in folders:
            removed += _removed(folder.rglob("__pycache__/*.nb[ic]"))
        mark.parent.mkdir(exist_ok=True)
        mine = mark.with_suffix(f".{os.getpid()}")
        mine.write_text(digest, "utf-8")
        mine.replace(mark)
    return removed


def _digest_of(folders: Iterable[Path]) -> str:
    """Return one digest of all sources: names and contents."""
    digest = hashlib.sha256()
    for folder in folders:
        for source in sorted(folder.rglob("*.py")):
            digest.update(f"{folder.name}/{source.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(source.read_bytes()).digest())
    return digest.hexdigest()


def _read(mark: Path) -> str | None:
    """Return what a mark says, None where there is none."""
    try:
        return mark.read_text("utf-8")
    except FileNotFoundError:
        return None


def _removed(files: Iterable[Path]) -> int:
    """Remove files and return how many there were; another process may be faster."""
    removed = 0
    for file in files:
        with suppress(FileNotFoundError):
            file.unlink()
            removed += 1
    return removed
