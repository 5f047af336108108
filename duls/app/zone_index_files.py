"""Zone indexes in files beside the compiled kernels: built once for all processes and starts, and mapped.

The index of a country takes seconds to build and hundreds of megabytes; processes of one machine that map one file
share its pages until they write to them, which only lookups in tables of states do. A file is named by its zones, is
complete before it has that name, and is never changed. One that is damaged or of another format is built again.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from duls.app.kernel_cache import KERNEL_FOLDERS
from duls.errors import UnusableFileError
from processors.zone_index import ZoneIndex
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_index_bytes import adopted, decode_index, encode_index
from processors.zone_sets import ZoneSets

KEPT: Final = 3  # files: zones are reloaded now and then, and the versions before and after are both in use
FILES: Final = "*.zones"
UNFINISHED: Final = "*.zones-*"
LOCK: Final = "zone-indexes.lock"

log = structlog.get_logger()


def index_folder(environment: Mapping[str, str]) -> Path:
    """Return where indexes are kept: with the kernels."""
    kernels = environment.get("NUMBA_CACHE_DIR")
    return (Path(kernels) if kernels else KERNEL_FOLDERS[0] / "__pycache__") / "zone-indexes"


def file_name(digest: bytes) -> str:
    """Return the name of the file of zones with a digest."""
    return f"{digest.hex()}.zones"


class ZoneIndexFiles:
    """Gives zone indexes, from files where they can be had; where nothing can be written, from memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._can_save = True

    def index(self, zones: Sequence[IndexedZone], digest: bytes, zone_sets: ZoneSets) -> ZoneIndex:
        """Return the index of zones with the set numbers of a registry.

        Args:
            zones: to build the index of, where no file has it.
            digest: differs where zones differ.
            zone_sets: registry in which the sets of the index are registered.
        """
        path = self._folder / file_name(digest)
        found = self._loaded(path, digest)
        if found is None:
            own_sets = ZoneSets()
            built = build_zone_index(zones, own_sets), own_sets
            # what was saved is mapped here too, so that its pages are shared from now on
            found = (self._save(path, digest, *built) and self._loaded(path, digest)) or built
        return adopted(*found, zone_sets)

    def _loaded(self, path: Path, digest: bytes) -> tuple[ZoneIndex, ZoneSets] | None:
        """Return the index in a file, nothing where there is none or it cannot be used."""
        try:
            with path.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
            with suppress(OSError):  # a file of another user may be read all the same
                os.utime(path)
            return decode_index(memoryview(content), digest)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (
            OSError,
            ValueError,
            UnusableFileError,
        ) as error:  # an empty file cannot be mapped: ValueError
            log.warning("zone index is built again", file=str(path), reason=str(error))
            return None

    def _save(self, path: Path, digest: bytes, index: ZoneIndex, zone_sets: ZoneSets) -> bool:
        """Write an index, unless another process writes one now; tell whether it was written."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _alone(self._folder / LOCK) as is_alone:
                if is_alone:
                    unfinished = path.with_name(f"{path.name}-{os.getpid()}")
                    with unfinished.open("wb") as file:
                        file.writelines(encode_index(index, zone_sets, digest))
                    unfinished.replace(path)
                    _remove_old(self._folder)
                return is_alone
        except OSError as error:
            if self._can_save:
                log.warning("zone indexes are not saved", folder=str(self._folder), reason=str(error))
            self._can_save = False
            return False


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Tell within the block whether no other process of this machine is in it; nobody waits."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _remove_old(folder: Path) -> None:
    """Remove all but the files used last, and what processes that were killed left unfinished."""
    used = sorted(folder.glob(FILES), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in (*used[KEPT:], *folder.glob(UNFINISHED)):
        path.unlink(missing_ok=True)
