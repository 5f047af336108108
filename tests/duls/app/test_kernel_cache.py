"""Kernels of other sources than today's are forgotten, whichever file of theirs has changed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from numba.core.caching import IndexDataCacheFile

from duls.app.kernel_cache import forget_outdated_kernels, save_kernels_one_at_a_time


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Give two packages with a source and a compiled kernel each, in use as they are."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    made = tmp_path / "processors", tmp_path / "streams"
    for folder in made:
        (folder / "decode" / "__pycache__").mkdir(parents=True)
        (folder / "decode" / "kernels.py").write_text("a = 1", "utf-8")
    forget_outdated_kernels(made)
    for folder in made:
        (folder / "decode" / "__pycache__" / "kernels.f-1.py311.nbi").touch()
        (folder / "decode" / "__pycache__" / "kernels.f-1.py311.1.nbc").touch()
    return made


def kept(folders: tuple[Path, Path]) -> int:
    """Return how many compiled files there are."""
    return sum(len(list(folder.rglob("*.nb[ic]"))) for folder in folders)


def test_kernels_of_the_present_sources_are_kept(folders: tuple[Path, Path]) -> None:
    """Starting again compiles nothing."""
    assert 0 == forget_outdated_kernels(folders)
    assert 4 == kept(folders)


@pytest.mark.parametrize("change", ["content", "name", "new"])
def test_a_change_of_any_source_forgets_all_kernels(folders: tuple[Path, Path], change: str) -> None:
    """Numba looks at the file of a kernel only, not at those that were inlined into it."""
    source = folders[1] / "decode" / "kernels.py"
    if change == "content":
        source.write_text("a = 2", "utf-8")
    elif change == "name":
        source.rename(source.with_name("others.py"))
    else:
        (folders[0] / "more.py").touch()

    assert 4 == forget_outdated_kernels(folders)
    assert 0 == kept(folders)
    assert 0 == forget_outdated_kernels(folders)


def test_a_place_of_its_own_is_left_alone(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image compiles its kernels into a folder of its version."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/somewhere")
    (folders[0] / "more.py").touch()

    assert 0 == forget_outdated_kernels(folders)
    assert 4 == kept(folders)


SAVING = """
import sys
from duls.app import kernel_cache

if sys.argv[1] == "after":
    import numba
kernel_cache.save_kernels_one_at_a_time()
kernel_cache.save_kernels_one_at_a_time()
print("numba" in sys.modules)
from numba.core.caching import IndexDataCacheFile
print(IndexDataCacheFile.save is kernel_cache._save)
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_saving_is_replaced_whenever_numba_is_imported(moment: str) -> None:
    """And it is not imported for that."""
    told = subprocess.run(
        [sys.executable, "-c", SAVING, moment], capture_output=True, text=True, check=True
    ).stdout

    assert [str(moment == "after"), "True"] == told.split()


TYPES = 100
SAVE = f"""
import sys
from duls.app.kernel_cache import save_kernels_one_at_a_time

save_kernels_one_at_a_time()
from numba.core.caching import IndexDataCacheFile
file = IndexDataCacheFile(sys.argv[1], "kernel", "stamp")
print("ready", flush=True)
sys.stdin.readline()
for types in range({TYPES}):
    file.save((sys.argv[2], types), f"code of {{sys.argv[2]}} for {{types}}")
"""


def test_processes_that_compile_one_kernel_at_a_time_take_nothing_from_each_other(tmp_path: Path) -> None:
    """For each of its types the kernel is found again, and it is that of these types."""
    names = ("a", "b", "c")
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SAVE, str(tmp_path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    assert ["ready\n"] * 3 == [process.stdout.readline() for process in processes if process.stdout]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda process: process.communicate("go\n", timeout=60), processes))
    assert [0, 0, 0] == [process.returncode for process in processes]

    file = IndexDataCacheFile(str(tmp_path), "kernel", "stamp")
    for name in names:
        for types in range(TYPES):
            assert f"code of {name} for {types}" == file.load((name, types))


def test_a_file_is_there_before_the_index_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed in between leaves no name behind that another kernel's file may answer to."""
    save_kernels_one_at_a_time()
    file = IndexDataCacheFile(str(tmp_path), "kernel", "stamp")
    file.save("first", "code of first")
    monkeypatch.setattr(file, "_save_data", killed)
    with pytest.raises(KeyboardInterrupt):
        file.save("second", "code of second")

    assert {"first"} == IndexDataCacheFile(str(tmp_path), "kernel", "stamp")._load_index().keys()


def killed(name: str, data: str) -> None:
    """End instead of saving."""
    raise KeyboardInterrupt(name, data)
