"""Zone indexes come from files that are whole or not there, and from memory where there can be none."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import structlog

from duls.app import zone_index_files
from duls.app.zone_index_files import KEPT, LOCK, ZoneIndexFiles, file_name, index_folder
from processors.zone_index import ZoneIndex
from processors.zone_index_build import IndexedZone, build_zone_index
from processors.zone_lookup import lookup
from processors.zone_sets import ZoneSets


def zones_at(west: float) -> list[IndexedZone]:
    """Return one square zone."""
    ring = [(west, 52.0), (west + 0.1, 52.0), (west + 0.1, 52.1), (west, 52.1)]
    return [IndexedZone(7, [[ring]])]


def digest_of(number: int) -> bytes:
    """Return a digest."""
    return number.to_bytes(16, "big")


def zones_found(index: ZoneIndex, zone_sets: ZoneSets, lon: float) -> tuple[int, ...]:
    """Return the zones of a point."""
    (number,) = lookup(index, zone_sets, np.array([lon]), np.array([52.05])).tolist()
    return zone_sets.zones_of(number)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows with each index that is built."""
    built: list[int] = []

    def build(zones: list[IndexedZone], zone_sets: ZoneSets) -> ZoneIndex:
        built.append(len(zones))
        return build_zone_index(zones, zone_sets)

    monkeypatch.setattr(zone_index_files, "build_zone_index", build)
    return built


def ask(folder: Path, number: int = 1) -> None:
    """Ask for an index as a process that starts does, and see that it answers."""
    west, zone_sets = 5.0 + number, ZoneSets()
    index = ZoneIndexFiles(folder).index(zones_at(west), digest_of(number), zone_sets)
    for _ in range(2):  # the first fills tables of states
        assert zones_found(index, zone_sets, west + 0.05) == (7,)
        assert zones_found(index, zone_sets, west + 0.15) == ()


def files(folder: Path) -> set[str]:
    """Return the names of what is kept."""
    return {path.name for path in folder.iterdir()} - {LOCK}


def name_of(number: int) -> str:
    """Return the name of a file."""
    return file_name(digest_of(number))


def test_an_index_is_built_once_for_all_processes(tmp_path: Path, builds: list[int]) -> None:
    """A second start loads it; other zones are built."""
    folder = tmp_path / "kernels" / "zone-indexes"
    ask(folder)
    ask(folder)
    assert builds == [1]

    ask(folder, 2)

    assert builds == [1, 1]
    assert files(folder) == {name_of(1), name_of(2)}


def test_what_one_process_writes_into_tables_is_its_own(tmp_path: Path) -> None:
    """Pages are shared until they are written to, and the file never changes."""
    ask(tmp_path)
    content = (tmp_path / name_of(1)).read_bytes()
    mine = ZoneIndexFiles(tmp_path).index([], digest_of(1), ZoneSets())
    mine.answer[:] = 77
    mine.leaves.heads[:] = 77

    ask(tmp_path)

    assert (tmp_path / name_of(1)).read_bytes() == content


@pytest.mark.parametrize("damage", ["byte", "cut", "empty", "other"])
def test_a_damaged_file_is_told_of_built_again_and_replaced(
    tmp_path: Path, builds: list[int], damage: str
) -> None:
    """Also one that holds other zones than its name says."""
    ask(tmp_path)
    path = tmp_path / name_of(1)
    content = bytearray(path.read_bytes())
    if damage == "other":
        ask(tmp_path, 2)
        (tmp_path / name_of(2)).replace(path)
    elif damage == "byte":
        content[-100] ^= 1
        path.write_bytes(content)
    else:
        path.write_bytes(content[: -1 if damage == "cut" else 0])
    builds.clear()

    with structlog.testing.capture_logs() as logs:
        ask(tmp_path)
    ask(tmp_path)

    assert builds == [1]
    assert [entry["event"] for entry in logs] == ["zone index is built again"]
    assert path.read_bytes() != content[:-100]


def test_few_files_are_kept_those_used_last(tmp_path: Path, builds: list[int]) -> None:
    """And nothing of processes that were killed while they wrote."""
    for number in range(1, KEPT + 1):
        ask(tmp_path, number)
        os.utime(tmp_path / name_of(number), (number, number))
    (tmp_path / f"{name_of(9)}-1234").write_bytes(b"half")
    ask(tmp_path, 1)

    ask(tmp_path, 5)

    assert files(tmp_path) == {name_of(1), name_of(5), *(name_of(n) for n in range(3, KEPT + 1))}
    assert len(builds) == KEPT + 1


def test_many_at_once_all_have_their_index(tmp_path: Path) -> None:
    """Whoever finds another one writing keeps what it built; no file is ever seen half."""
    with ThreadPoolExecutor(8) as pool, structlog.testing.capture_logs() as logs:
        for asked in [pool.submit(ask, tmp_path, number % 2) for number in range(200)]:
            asked.result()

    assert logs == []
    assert files(tmp_path) == {name_of(0), name_of(1)}


def test_a_process_does_not_wait_for_one_that_writes(tmp_path: Path, builds: list[int]) -> None:
    """That one may have been stopped for minutes."""
    with zone_index_files._alone(tmp_path / LOCK) as is_alone:
        assert is_alone
        ask(tmp_path)

    assert files(tmp_path) == set()
    ask(tmp_path)
    assert files(tmp_path) == {name_of(1)}
    assert builds == [1, 1]


def test_where_nothing_can_be_written_indexes_are_built_in_memory_and_it_is_said_once(
    tmp_path: Path, builds: list[int]
) -> None:
    """A folder that is a file refuses root too."""
    (tmp_path / "kernels").write_bytes(b"")
    indexes = ZoneIndexFiles(tmp_path / "kernels" / "zone-indexes")

    with structlog.testing.capture_logs() as logs:
        for number in (1, 2):
            zone_sets = ZoneSets()
            index = indexes.index(zones_at(5.0 + number), digest_of(number), zone_sets)
            assert zones_found(index, zone_sets, 5.05 + number) == (7,)

    assert builds == [1, 1]
    assert [entry["event"] for entry in logs] == ["zone indexes are not saved"]


def test_indexes_stand_with_the_kernels() -> None:
    """Where an installation names a place for them, or else beside the sources."""
    assert index_folder({"NUMBA_CACHE_DIR": "/var/cache/duls/kernels"}) == Path(
        "/var/cache/duls/kernels/zone-indexes"
    )
    assert index_folder({}).parts[-3:] == ("processors", "__pycache__", "zone-indexes")
