"""Kernels of other sources than today's are forgotten, whichever file of theirs has changed."""

from pathlib import Path

import pytest

from duls.app.kernel_cache import forget_outdated_kernels


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
