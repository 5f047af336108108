"""Compiled kernels are kept beside their sources; those of other sources than today's must not be used.

Numba compiles a kernel again when its own file changes. What was inlined into it from other files may have changed
too, and then the old machine code would give figures of an older version, in silence. So one digest stands for all
sources together, and when it changes every kernel that is kept is forgotten.

Where `NUMBA_CACHE_DIR` names another place, as in an image, that place must belong to one version only.

Numba also lets processes that compile one kernel for different types at the same time take each other's file: it
chooses the name of a file and writes it later. Then a kernel would be called with types that it was not made for.
So one process saves at a time, and a file is there before the index names it.

Commands that have no kernels never import Numba, which takes a third of a second and 70 MB.
"""

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import processors
import streams

KERNEL_FOLDERS: Final = tuple(Path(package.__path__[0]) for package in (processors, streams))
MARK: Final = "kernels.sha256"
LOCK: Final = "kernels.lock"
SAVING: Final = "numba.core.caching"


def save_kernels_one_at_a_time() -> None:
    """Let this process save its kernels whole, whatever others compile meanwhile; Numba need not be imported yet."""
    if SAVING in sys.modules:
        _replace_save(sys.modules[SAVING])
    elif not any(isinstance(finder, _SavingFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _SavingFinder())


class _SavingFinder(MetaPathFinder):
    """Finds the part of Numba that saves kernels as Python does, and replaces how it saves once it is imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what Python finds, but for the replacement; None for any other module."""
        if name != SAVING:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_replace(module: ModuleType) -> None:
                """Run the module."""
                execute(module)
                _replace_save(module)

            spec.loader.exec_module = execute_and_replace  # type: ignore[method-assign] # of this one loader
        return spec


def _replace_save(module: Any) -> None:
    """Replace how kernels are saved, in the one place where one is."""
    module.IndexDataCacheFile.save = _save


def _save(file: Any, key: Any, data: Any) -> None:
    """Save a kernel for some types in an `IndexDataCacheFile`; *key* names the types, and *data* is what they got."""
    with _locked(Path(file._cache_path) / LOCK):  # noqa: SLF001  # Numba has no public way to do this
        names = file._load_index()  # noqa: SLF001 numba has no public name
        taken = set(names.values())
        free = (name for number in count(1) if (name := file._data_name(number)) not in taken)  # noqa: SLF001 numba has no public name
        name = names.get(key) or next(free)
        file._save_data(name, data)  # noqa: SLF001 numba has no public name
        if key not in names:
            file._save_index({**names, key: name})  # noqa: SLF001 numba has no public name


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Be the only process of this machine within the block."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget_outdated_kernels(folders: Iterable[Path] = KERNEL_FOLDERS) -> int:
    """Remove the kernels that were compiled from other sources than the present; return how many files.

    Safe with several processes at once: the worst is that a kernel is compiled twice. Where nothing may be written,
    nothing was compiled later than it was installed.
    """
    folders = tuple(folders)
    if os.environ.get("NUMBA_CACHE_DIR"):
        return 0
    digest = digest_of(folders)
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


def digest_of(folders: Iterable[Path] = KERNEL_FOLDERS) -> str:
    """Return one digest of all sources: names and contents, in hexadecimal."""
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
