"""Peers that count with our code do so with that of today."""

from pathlib import Path

import pytest

from benchmarks import peer_environment


def test_kernels_of_other_sources_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be used, in silence or not, after a change of the sources."""
    monkeypatch.setattr(peer_environment, "KERNELS", tmp_path)
    (tmp_path / "older" / "processors").mkdir(parents=True)

    variables = peer_environment.peer_variables.__wrapped__()

    mine = Path(variables["NUMBA_CACHE_DIR"])
    assert tmp_path == mine.parent
    mine.mkdir()
    assert variables == peer_environment.peer_variables.__wrapped__()
    assert [mine] == list(tmp_path.iterdir())
